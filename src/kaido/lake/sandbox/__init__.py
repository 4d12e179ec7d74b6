"""The process of one SQL query. It imports nothing else of Kaido: it starts quickly, and holds nothing worth having."""
