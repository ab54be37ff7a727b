"""A small writer of PDF 1.4: several pages of text, lines and boxes in Helvetica, with WinAnsi encoding.

The same calls give the same bytes on every machine: no clock, no compression (deflate differs between versions of
zlib), and an /ID made from the content. `text` keeps what each page says, for checks that need no PDF reader.
"""
import hashlib

PAGE_WIDTH, PAGE_HEIGHT = 595, 842  # A4 in points

# Advance widths of Adobe's Helvetica and Helvetica-Bold in thousandths of the size, for codes 32 to 126.
REGULAR = [278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278] + [556] * 10 + [
    278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667,
    778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
    556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584]
BOLD = [278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278] + [556] * 10 + [
    333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667,
    778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611,
    611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584]
OTHER_WIDTH = 556  # £, é, ³ and the few others used are near this


def width(text, size, bold=False):
    """Of a line, in points."""
    table = BOLD if bold else REGULAR
    return sum(table[ord(c) - 32] if 32 <= ord(c) <= 126 else OTHER_WIDTH for c in text) * size / 1000


def escaped(text):
    """A PDF string in WinAnsi; bytes beyond ASCII as octal. UnicodeEncodeError for a character WinAnsi lacks."""
    return "".join("\\" + chr(b) if chr(b) in "()\\" else chr(b) if 32 <= b <= 126 else f"\\{b:03o}"
                   for b in text.encode("cp1252"))


def number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Pdf:
    def __init__(self, title, author, created):
        """created: a datetime.date."""
        self.title, self.author, self.created = title, author, created
        self.pages = []  # content operators of each page
        self.text = []   # lines of each page, in the order drawn

    def page(self):
        self.pages.append([])
        self.text.append([])

    def write(self, x, y, text, size=10, bold=False, right=False):
        """A line of text, y from the top of the page; right: x is where it ends."""
        if right:
            x -= width(text, size, bold)
        font = "F2" if bold else "F1"
        self.pages[-1].append(f"BT /{font} {number(size)} Tf {number(x)} {number(PAGE_HEIGHT - y)} Td "
                              f"({escaped(text)}) Tj ET")
        self.text[-1].append(text)

    def paragraph(self, x, y, text, size=10, wide=475, leading=1.4):
        """Text wrapped at `wide` points; the y below its last line."""
        line = ""
        for word in text.split() + [None]:
            longer = f"{line} {word}" if line else word
            if word is None or width(longer, size) > wide:
                self.write(x, y, line, size)
                y += size * leading
                longer = word
            line = longer
        return y

    def line(self, x1, y1, x2, y2, thick=0.5):
        self.pages[-1].append(f"{number(thick)} w {number(x1)} {number(PAGE_HEIGHT - y1)} m "
                              f"{number(x2)} {number(PAGE_HEIGHT - y2)} l S")

    def box(self, x, y, wide, high, grey=0.92):
        """A filled rectangle; y is its top."""
        self.pages[-1].append(f"{number(grey)} g {number(x)} {number(PAGE_HEIGHT - y - high)} {number(wide)} "
                              f"{number(high)} re f 0 g")

    def table(self, x, y, columns, rows, size=9.5):
        """columns: (heading, points, 'left' or 'right'); the last row is set in bold between lines. The y below."""
        def cells(row, at, bold):
            left = x
            for text, (_, wide, side) in zip(row, columns, strict=True):
                if text:
                    self.write(left + wide - 4 if side == "right" else left + 4, at, text, size, bold, side == "right")
                left += wide

        whole = sum(column[1] for column in columns)
        self.box(x, y, whole, 18)
        cells([column[0] for column in columns], y + 12.5, True)
        y += 18
        for row in rows[:-1]:
            cells(row, y + 12.5, False)
            y += 17
        self.line(x, y + 1, x + whole, y + 1)
        cells(rows[-1], y + 14, True)
        self.line(x, y + 19, x + whole, y + 19)
        return y + 34

    def bytes(self):
        pages = [5 + 2 * i for i in range(len(self.pages))]
        font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
        objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            f"<< /Type /Pages /Kids [{' '.join(f'{p} 0 R' for p in pages)}] /Count {len(pages)} >>",
            font.format("Helvetica"),
            font.format("Helvetica-Bold"),
        ]
        for at, operators in zip(pages, self.pages):
            stream = "\n".join(operators)
            objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE_WIDTH} {PAGE_HEIGHT}] /Resources "
                           f"<< /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents {at + 1} 0 R >>")
            objects.append(f"<< /Length {len(stream) + 1} >>\nstream\n{stream}\nendstream")
        objects.append(f"<< /Title ({escaped(self.title)}) /Author ({escaped(self.author)}) "
                       f"/CreationDate (D:{self.created:%Y%m%d}090000Z) >>")

        out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for index, body in enumerate(objects, 1):
            offsets.append(len(out))
            out += f"{index} 0 obj\n{body}\nendobj\n".encode("ascii")
        identity = hashlib.md5(out, usedforsecurity=False).hexdigest()
        start = len(out)
        out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
        for offset in offsets:
            out += f"{offset:010} 00000 n \n".encode()  # 20 bytes each, as the format wants
        out += (f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R "
                f"/ID [<{identity}> <{identity}>] >>\nstartxref\n{start}\n%%EOF\n").encode()
        return bytes(out)
