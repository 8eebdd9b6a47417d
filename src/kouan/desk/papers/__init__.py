"""Papers that officials can go on working with: editable Word and PDF in the layout of GB/T 9704-2012.

A room says what a paper says (``Paper``); ``docx_of`` and ``pdf_of`` give it its form. The system only drafts:
document number, signer and seal are those of the office that issues it, so they are left open and never made up.
"""

from kouan.desk.papers.paper import Block, Paper, Style, attachment, heading, paragraph, table
from kouan.desk.papers.pdf import pdf_of
from kouan.desk.papers.word import docx_of

__all__ = ["Block", "Paper", "Style", "attachment", "docx_of", "heading", "paragraph", "pdf_of", "table"]
