"""The wire's messages, as its description has them, field and tag. Kaido's own definitions are not read."""

from __future__ import annotations

from tests.protocol.protobuf import Schema

WIRE = Schema(
    """
Checkin: document_sync_ids 1 string*, timestamp_ms_epoch 2 uint

DecoderManifest: sync_id 1 string, can_signals 2 CANSignal*, obd_pid_signals 3 OBDPIDSignal*,
  complex_types 4 Empty*, complex_signals 5 Empty*, custom_decoding_signals 6 CustomDecodingSignal*
CANSignal: signal_id 1 uint, interface_id 2 string, message_id 3 uint, is_big_endian 4 bool, is_signed 5 bool,
  start_bit 6 uint, offset 7 double, factor 8 double, length 9 uint, primitive_type 10 uint, signal_value_type 11 uint
OBDPIDSignal: signal_id 1 uint, interface_id 2 string, pid_response_length 3 uint, service_mode 4 uint, pid 5 uint,
  scaling 6 double, offset 7 double, start_byte 8 uint, byte_length 9 uint, bit_right_shift 10 uint,
  bit_mask_length 11 uint, primitive_type 12 uint, signal_value_type 13 uint, is_signed 14 bool
CustomDecodingSignal: signal_id 1 uint, interface_id 2 string, custom_decoding_id 3 string, primitive_type 4 uint
Empty:

CollectionSchemes: collection_schemes 1 CollectionScheme*, timestamp_ms_epoch 2 uint
CollectionScheme: campaign_sync_id 1 string, decoder_manifest_sync_id 2 string, start_time_ms_epoch 3 uint,
  expiry_time_ms_epoch 4 uint, time_based 5 TimeBased, condition_based 6 ConditionBased, after_duration_ms 7 uint,
  include_active_dtcs 8 bool, signal_information 9 SignalInformation*, persist_all_collected_data 11 bool,
  compress_collected_data 12 bool, priority 13 uint, store_and_forward_configuration 17 StoreAndForward,
  signal_fetch_information 18 FetchInformation*, campaign_arn 19 string
TimeBased: period_ms 1 uint
ConditionBased: minimum_interval_ms 1 uint, condition_language_version 2 uint, condition_tree 3 ConditionNode,
  trigger_mode 4 uint
SignalInformation: signal_id 1 uint, sample_buffer_size 2 uint, minimum_sample_period_ms 3 uint,
  fixed_window_period_ms 4 uint, condition_only_signal 5 bool, signal_path 6 Empty, data_partition_id 7 uint
StoreAndForward: partition_configuration 1 Partition*
Partition: storage_options 1 StorageOptions, upload_options 2 UploadOptions
StorageOptions: maximum_size_in_bytes 1 uint, storage_location 2 string, minimum_time_to_live_in_seconds 3 uint
UploadOptions: condition_tree 1 ConditionNode
FetchInformation: signal_id 1 uint, time_based 2 TimeBasedFetch, condition_based 3 ConditionBasedFetch,
  condition_language_version 4 uint, actions 5 ConditionNode*
TimeBasedFetch: max_execution_count 1 uint, execution_frequency_ms 2 uint, reset_max_execution_count_interval_ms 3 uint
ConditionBasedFetch: condition_tree 1 ConditionNode, trigger_mode 2 uint
ConditionNode: operator 1 Operator, function 2 Function, double 3 double, signal_id 4 uint, bool 5 bool,
  primitive_in_complex 6 Empty, string 7 string
Operator: left 1 ConditionNode, right 2 ConditionNode, operator 3 uint
Function: window 1 Window, custom 3 Custom, is_null 4 IsNull
Window: signal_id 1 uint, window_type 2 uint
Custom: function_name 1 string, params 2 ConditionNode*
IsNull: expression 1 ConditionNode

VehicleData: campaign_sync_id 1 string, decoder_sync_id 2 string, collection_event_id 3 uint,
  collection_event_time_ms_epoch 4 uint, captured_signals 5 CapturedSignal*, dtc_data 6 DTCData
CapturedSignal: relative_time_ms 1 sint, signal_id 2 uint, double_value 3 double, string_value 4 string,
  primitive_in_complex 10 PrimitiveInComplex
PrimitiveInComplex: signal_id 1 uint
DTCData: relative_time_ms 1 sint, active_dtc_codes 2 string*

StateTemplates: decoder_manifest_sync_id 2 string, state_templates_to_add 5 StateTemplate*,
  state_template_sync_ids_to_remove 6 string*, version 7 uint
StateTemplate: sync_id 1 string, on_change 3 Empty, periodic 4 Periodic, signal_ids 5 uint*
Periodic: period_ms 1 uint
LastKnownStateData: collection_event_time_ms_epoch 2 uint, captured_state_template_signals 6 CapturedTemplate*
CapturedTemplate: state_template_sync_id 1 string, captured_signals 2 StateSignal*
StateSignal: signal_id 1 uint, double 2 double, bool 3 bool, int8 4 sint, uint8 5 uint, int16 6 sint, uint16 7 uint,
  int32 8 sint, uint32 9 uint, int64 10 sint, uint64 11 uint, float 12 float, string 13 string

CommandRequest: command_id 16 string, timeout_ms 17 uint, actuator 18 Actuator, last_known_state 19 StateCommands,
  issued_timestamp_ms 20 uint
Actuator: signal_id 1 uint, decoder_manifest_sync_id 2 string, double 3 double, bool 4 bool, int8 5 sint, uint8 6 uint,
  int16 7 sint, uint16 8 uint, int32 9 sint, uint32 10 uint, int64 11 sint, uint64 12 uint, float 13 float,
  string 14 string
StateCommands: templates 1 StateCommand*
StateCommand: state_template_sync_id 1 string, activate 2 Activate, deactivate 3 Empty, fetch_snapshot 4 Empty
Activate: deactivate_after_seconds 1 uint
CommandResponse: status 1 uint, command_id 2 string, reason_code 3 uint, reason_description 4 string
""".replace("\n\n", "\n")
)

NULL, BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, STRING = range(13)
LESS, GREATER, AT_MOST, AT_LEAST, EQUAL, UNEQUAL, AND, OR, NOT, PLUS, MINUS, TIMES, DIVIDED = range(13)
ALWAYS, RISING_EDGE = range(2)
SUCCEEDED, EXECUTION_TIMEOUT, EXECUTION_FAILED, IN_PROGRESS = 1, 2, 4, 10
