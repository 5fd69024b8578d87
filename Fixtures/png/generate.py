"""Makes PNG files of the colour types that Gauntlet reads but never writes, and their pixels.

Run with Python 3.11, Pillow 13, in this folder. The expected samples follow the rules of
`Image.init(png:path:)`: palettes and small depths expanded, transparency composed with black.
"""
import json
import struct
import zlib

from PIL import Image

WIDTH, HEIGHT = 5, 4
expected = {}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(
        ">I", zlib.crc32(kind + data))


def write(name, depth, colour, rows, extra=b"", interlaced=0):
    """A PNG from rows of raw bytes, without filters."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, interlaced)
    with open(name + ".png", "wb") as file:
        file.write(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
            + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows)))
            + chunk(b"IEND", b""))


def expect(name, pixels):
    """Pixels row by row, each a tuple of samples."""
    channels = len(pixels[0])
    expected[name] = {
        "shape": [channels, HEIGHT, WIDTH],
        "levels": [p[c] for c in range(channels) for p in pixels],
    }


def sample(i, c, limit):
    return (i * 7919 + c * 104729 + 13) % limit


def over_black(value, alpha, top):
    return (value * alpha + top // 2) // top


cells = range(WIDTH * HEIGHT)

colours = [(255, 0, 0), (0, 255, 0), (10, 20, 30), (200, 100, 50)]
palette = b"".join(bytes(c) for c in colours)
index = [i % 4 for i in cells]
write("palette", 8, 3, [bytes(index[y * 5:y * 5 + 5]) for y in range(4)], chunk(b"PLTE", palette))
expect("palette", [colours[i] for i in index])

write("transparent", 8, 3, [bytes(index[y * 5:y * 5 + 5]) for y in range(4)],
      chunk(b"PLTE", palette) + chunk(b"tRNS", bytes([0, 128])))
alphas = [0, 128, 255, 255]
expect("transparent", [tuple(over_black(v, alphas[i], 255) for v in colours[i]) for i in index])

bits = [(i * 3 // 2) % 2 for i in cells]
write("gray1", 1, 0, [
    bytes([sum(b << (7 - x) for x, b in enumerate(bits[y * 5:y * 5 + 5]))]) for y in range(4)])
expect("gray1", [(255 * b,) for b in bits])

pairs = [(sample(i, 0, 256), sample(i, 1, 256)) for i in cells]
write("gray-alpha", 8, 4, [b"".join(bytes(p) for p in pairs[y * 5:y * 5 + 5]) for y in range(4)])
expect("gray-alpha", [(over_black(v, a, 255),) for v, a in pairs])

for name, depth, form in [("rgba", 8, "B"), ("rgba16", 16, "H")]:
    top = (1 << depth) - 1
    quads = [tuple(sample(i, c, top + 1) for c in range(4)) for i in cells]
    write(name, depth, 6, [
        b"".join(struct.pack(">4" + form, *q) for q in quads[y * 5:y * 5 + 5])
        for y in range(4)])
    expect(name, [tuple(over_black(v, q[3], top) for v in q[:3]) for q in quads])

# Adam7: the seven passes of the PNG standard, section 8.2, written out by hand.
grays = [sample(i, 3, 256) for i in cells]
passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
          (1, 0, 2, 1)]
rows = []
for top, left, down, right in passes:
    for y in range(top, HEIGHT, down):
        row = bytes(grays[y * WIDTH + x] for x in range(left, WIDTH, right))
        if row:
            rows.append(row)
write("interlaced", 8, 0, rows, interlaced=1)
expect("interlaced", [(g,) for g in grays])

# Pillow must see the same pixels where it has the same rules.
for name in ["palette", "gray1", "interlaced"]:
    image = Image.open(name + ".png")
    image = image.convert("RGB" if name == "palette" else "L")
    flat = list(image.getdata())
    pixels = [p if isinstance(p, tuple) else (p,) for p in flat]
    entry = expected[name]
    assert [p[c] for c in range(entry["shape"][0]) for p in pixels] == entry["levels"], name

with open("expected.json", "w") as file:
    json.dump(expected, file)
    file.write("\n")
