"""Publication (发布): data sets that anybody may take, each version frozen under its digest, in the formats programs read.

Above every room that has figures, below the doors: it reads them and changes none. docs/publication.md.
"""
