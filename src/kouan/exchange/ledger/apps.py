"""Django's handle on the room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """数据交换"""

    name = "kouan.exchange.ledger"
    label = "exchange"
    verbose_name = "数据交换"
