"""Writes the seeds of the fuzz targets: small valid files, each with the byte at its end that selects the options.

    python fuzz/seeds.py            (needs torch, safetensors and Pillow)
"""

import gzip
import io
import json
import shutil
import zipfile
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save

SEEDS = Path(__file__).parent / "seeds"

TABLES = {
    "comma": (0, "id,name,n,ok\n1,Prado,5,true\n2,\"Retiro, parque\",7.5,False\n3,,,\n"),
    "semicolon": (1, "tienda;precio;fecha\nNorte;1.234,50;2024-01-05\nSur;-0,5;05/01/2024\n"),
    "escape": (2, "# a comment\na\tb\n\"1\\\"2\"\t2.5\n#x\n\tNA\n"),
    "bare": (3, "1|2|\"x\n3|4|y\"\n"),
    "skipped": (4, "exported on Monday\na,b\n1,x\n2,y\n3,z\n"),
    "quoted": (0, "title\n\"two\r\nlines\"\n\"say \"\"hi\"\"\"\n\n   \n\"\"\n"),
    "lists": (0, "id,tags\n1,\"['a', 'b']\"\n2,\"[\"\"caf\\u00e9\"\"]\"\n3,[]\n"),
    "numbers": (0, "x|y\n1e400|-inf\nNaN|0x10\n9223372036854775808|007\n"),
    "names": (0, "\ufeff,a,a,Unnamed: 0\r\n1,2,3,4\r\n"),
    "returns": (0, "a,b\r1,x\r2,y\r"),
    "excel": (0, "sep=;\na;b\n1;2\n"),
    "gzip": (16, "a,b\n1,x\n2,y\n"),
    "zip": (24, "a,b\n1,x\n2,y\n"),
}
LISTS = {
    "python": "['Historia', \"L'Hospitalet\"]",
    "unicode": "[u'caf\\xe9', b'b', '\\U0001f3db', '\\d']",
    "json": "[\"caf\\u00e9\", \"\\ud83c\\udfdb\", \"a\\/b\"]",
    "numpy": "['a'\n 'b c']",
    "numbers": "[3 14 1.5e3]",
    "scalars": "[np.str_('a, b'), np.float64(0.5)]",
    "tuple": "('a', 1, None,)",
    "set": "{'a', 'b'}",
    "bare": "[New York, Paris]",
}
VECTORS = {
    "glove": "café 1 2.5 -3e-1\nde 0 0 0\nniño 4 5 6\nat home 1 2 3\n",
    "word2vec": "3 2\ncafé 1 2 \nIPHONE 0.5 -1 \nxyz 7 8 \n",
    "crlf": "a\t1\t2\r\nté\t3\t4\r\n",
}
HEADER = "url\toutcome\tfile\tbytes\tdigest\tattempts\tseconds\tdetail\n"
URLS = ["http://192.168.0.1/a.jpg", "http://10.0.0.1/b?c=\\\\t", "http://127.0.0.1/e"]
ENTRIES = [
    f"{URLS[0]}\tok\ta.jpg\t3\t0123456789abcdef\t1\t0.2500\t\n",
    f"{URLS[1]}\tnot found\t\t0\t0000000000000000\t1\t0.1000\tthe server answered 404\\n\n",
    f"{URLS[2]}\ttime-out\t\t0\t0000000000000000\t4\t60.0000\tno answer\n",
]


def write(target, name, content, selector=None):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    content = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(content + (b"" if selector is None else bytes([selector])))


def texts():
    for name, (selector, text) in TABLES.items():
        write("csv", name, text, selector)
    write("csv", "latin1", "city\nMálaga\n".encode("latin-1"), 5)
    write("csv", "utf16", "a;b\n1;ñ\n".encode("utf-16-le"), 6)
    write("csv", "windows", "city,'a ''b'\n€,'x,y'\n".encode("cp1252"), 7)
    for name, text in LISTS.items():
        write("lists", name, text)
    for name, text in VECTORS.items():
        write("word_vectors", name, text)
    write("word_vectors", "packed", gzip.compress(VECTORS["word2vec"].encode(), mtime=0))
    for count in range(len(ENTRIES) + 1):
        write("manifests", f"entries-{count}", HEADER + "".join(ENTRIES[:count]))
    write("manifests", "cut", HEADER + ENTRIES[0] + ENTRIES[1][:20])


def images():
    color = Image.new("RGB", (9, 5))
    color.putdata([(10 * x, 20 * y, 7 * x * y % 256) for y in range(5) for x in range(9)])
    orientation = Image.Exif()
    orientation[0x112] = 6
    alpha = color.convert("RGBA")
    alpha.putalpha(color.convert("L"))
    sixteen = Image.new("I;16", (4, 3), 40000)
    palette = color.quantize(4)
    for number, (name, image, kind, options) in enumerate([
        ("rgb.jpg", color, "JPEG", {"exif": orientation}),
        ("progressive.jpg", color, "JPEG", {"progressive": True, "subsampling": 0}),
        ("cmyk.jpg", color.convert("CMYK"), "JPEG", {}),
        ("gray.jpg", color.convert("L"), "JPEG", {}),
        ("rgb.png", color, "PNG", {}),
        ("rgba.png", alpha, "PNG", {"exif": orientation}),
        ("palette.png", palette, "PNG", {"bits": 2, "transparency": 1}),
        ("bilevel.png", color.convert("1"), "PNG", {}),
        ("sixteen.png", sixteen, "PNG", {}),
        ("palette.gif", palette, "GIF", {}),
        ("frames.gif", palette, "GIF", {"save_all": True, "append_images": [palette.rotate(180)]}),
        ("rgb.bmp", color, "BMP", {}),
        ("palette.bmp", palette, "BMP", {}),
        ("bilevel.bmp", color.convert("1"), "BMP", {}),
        ("raw.tif", color, "TIFF", {}),
        ("palette.tif", palette, "TIFF", {}),
        ("lzw.tif", alpha, "TIFF", {"compression": "tiff_lzw"}),
        ("deflate.tif", sixteen, "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("fax.tif", color.convert("1"), "TIFF", {"compression": "group4"}),
        ("jpeg.tif", color, "TIFF", {"compression": "jpeg"}),
        ("packbits.tif", color.convert("L"), "TIFF", {"compression": "packbits"}),
        ("lossy.webp", color, "WEBP", {}),
        ("lossless.webp", alpha, "WEBP", {"lossless": True}),
        ("frames.webp", color, "WEBP", {"save_all": True, "append_images": [color.rotate(180)]}),
    ]):
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        write("images", name, buffer.getvalue(), number % 8)


def weights():
    layer = {"0.weight": torch.arange(6.0).reshape(2, 3), "0.bias": torch.zeros(2)}
    types = [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int8, torch.bool]
    mixed = {str(kind): torch.ones(2).to(kind) for kind in types}
    write("safetensors", "layer", save(layer, {"history": "[]"}))
    write("safetensors", "types", save(mixed))
    write("safetensors", "empty", save({}))
    write("safetensors", "scalar", save({"a.num_batches_tracked": torch.tensor(3), "b": torch.zeros(0, 4)}))
    header = json.dumps({"x": {"dtype": "U16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    write("safetensors", "by_hand", len(header).to_bytes(8, "little") + header + b"\1\0\2\0")
    write("safetensors", "keras", b"\x89HDF\r\n\x1a\n" + bytes(8))
    write("safetensors", "onnx", b"\x08\x0a\x12\x07pytorch\x1a\x052.1.0")

    storage = torch.arange(16.0)
    tied = {"a": storage.reshape(4, 4).t()[1:3], "b": storage[2:4]}
    parameter = {"w": torch.nn.Parameter(torch.ones(2))}
    for number, (name, content) in enumerate([
        ("layer", layer),
        ("tied", tied),
        ("types", mixed),
        ("nested", {"epoch": 3, "model": {"a": layer, "lr": 0.5}, "names": ["x", ("y", None)]}),
        ("parameter", parameter),
    ]):
        buffer = io.BytesIO()
        torch.save(content, buffer)
        if number < 2:
            write("pth", f"{name}.zip", buffer.getvalue(), 0)
        archive = zipfile.ZipFile(buffer)
        program = next(entry for entry in archive.namelist() if entry.endswith("data.pkl"))
        write("pth", f"{name}.pkl", archive.read(program), 1 + 2 * (number % 2))


if __name__ == "__main__":
    shutil.rmtree(SEEDS, ignore_errors=True)
    texts()
    images()
    weights()
    count = sum(1 for _ in SEEDS.rglob("*"))
    size = sum(file.stat().st_size for file in SEEDS.rglob("*") if file.is_file())
    print(f"{count} entries, {size} bytes")
