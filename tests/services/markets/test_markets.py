from __future__ import annotations

import pytest

from kaido.errors import NotFoundError
from kaido.services.markets import CONNECTORS, market, markets
from kaido.services.tariffs import Tariff, shipped
from kaido.services.tariffs.zone import Zone
from kaido.sim.markets import markets as simulated


def test_every_market_of_the_simulator_is_there_and_those_of_asia() -> None:
    assert {*simulated(), "KR", "CN"} <= markets().keys()


@pytest.mark.parametrize("code", markets())
def test_a_market_is_whole(code: str) -> None:
    one = market(code)
    assert {*one.ac, *one.dc} <= {*CONNECTORS}
    assert all(Zone(name) for name in one.zones)
    assert Tariff.read(shipped.document(one.tariff)).currency == one.currency
    assert any(cycle.current for cycle in one.cycles)
    assert one.may_lie(code)
    assert one.residency.basis


def test_where_data_may_lie() -> None:
    assert market("US").may_lie("SG")
    assert not market("CN").may_lie("US")
    assert market("DE").may_lie("FR")
    assert market("DE").may_lie("JP")
    assert not market("DE").may_lie("CN")


def test_a_market_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(NotFoundError, match="US, CA"):
        market("XX")
