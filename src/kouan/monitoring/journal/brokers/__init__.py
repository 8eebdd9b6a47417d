"""Events from a message broker: thin adapters, and one loop that takes in what they bring.

A broker is asked for what is waiting, and hears that it has been taken only after the commit that holds it (``follow``). So a
broken line, a killed follower and a database that is away cost nothing but time: what was not confirmed is told again, and what
is told again is repeated, not doubled. Brokers and their libraries are optional (``requirements/brokers.in``).
"""

from kouan.monitoring.journal.brokers.following import Broker, Followed, Message, broker_of, follow

__all__ = ["Broker", "Followed", "Message", "broker_of", "follow"]
