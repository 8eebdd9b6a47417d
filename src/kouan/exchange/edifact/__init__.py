"""UN/EDIFACT (ISO 9735), syntax versions 1 to 4, batch: read tolerantly, answered with CONTRL, written.

What a sender got wrong is kept as a fault with its place and the code that CONTRL has for it; nothing is dropped in silence.
Pure: no database, no web. What a message means is not asked here.

>>> sent = read(b"UNB+UNOA:3+A+B+260101:0800+1'UNH+1+CUSRES:D:96B:UN'BGM+961'UNT+3+1'UNZ+1+1'")
>>> [message.type for message in sent.interchanges[0].messages], sent.faults
(['CUSRES'], [])
"""

from kouan.exchange.edifact.contrl import contrl
from kouan.exchange.edifact.envelope import Group, Interchange, Message, Transmission
from kouan.exchange.edifact.faults import Fault, SyntaxCode
from kouan.exchange.edifact.reading import read
from kouan.exchange.edifact.separators import Separators
from kouan.exchange.edifact.tokens import Segment, segments
from kouan.exchange.edifact.writing import write_segment, write_segments

__all__ = [
    "Fault", "Group", "Interchange", "Message", "Segment", "Separators", "SyntaxCode", "Transmission", "contrl", "read", "segments",
    "write_segment", "write_segments",
]
