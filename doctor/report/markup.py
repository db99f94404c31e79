"""Text inside of XML and HTML."""

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def escaped(text: str) -> str:
    """``text`` as the content of an element or of an attribute in quotes. It must be safe to print.

    It is in ASCII, and so the same in whatever encoding it is written.
    """
    without_markup = text.translate(_ENTITIES)
    return without_markup.encode("ascii", "xmlcharrefreplace").decode("ascii")
