"""Makes arrays and archives as NumPy writes them, and checks what Gauntlet wrote.

Run with Python 3.11, NumPy 2.4, in this folder. `written.npz` is Gauntlet's own output (the test
`writesTheSameBytesAsTheFileThatNumPyRead` makes it); it is only read here.
"""
import io
import os
import zipfile

import numpy as np

six = np.arange(6).reshape(2, 3)
for kind in ["f2", "f4", "f8", "u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8"]:
    np.save(kind + ".npy", six.astype(kind))
np.save("big-f4.npy", six.astype(">f4"))
np.save("fortran.npy", np.asfortranarray(six.astype("f4")))
np.save("fortran3.npy", np.asfortranarray(np.arange(24).reshape(2, 3, 4)))
np.save("scalar.npy", np.array(2.5))
with open("version2.npy", "wb") as file:
    np.lib.format.write_array(file, six, version=(2, 0))

x = (np.arange(24, dtype=np.float32) / np.float32(255)).reshape(2, 1, 3, 4)
y = np.array([1, 0])
np.savez("stored.npz", x=x, y=y)
np.savez_compressed("deflated.npz", x=x, y=y.astype("u2"))
np.savez("bytes.npz", x=np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4), y=y.astype("i1"))
np.savez("rank3.npz", x=np.asfortranarray(x[:, 0]), y=y.reshape(2, 1).astype("i4"))
np.savez("float64.npz", x=x.astype("f8"), y=y)

# A directory in the long form: Python writes one when an archive is larger than its limit.
zipfile.ZIP64_LIMIT = 0
zipfile.ZIP_FILECOUNT_LIMIT = 0
with zipfile.ZipFile("zip64.npz", "w") as archive:
    for name, array in [("x", x), ("y", y)]:
        buffer = io.BytesIO()
        np.save(buffer, array)
        archive.writestr(zipfile.ZipInfo(name + ".npy"), buffer.getvalue())

if os.path.exists("written.npz"):
    written = np.load("written.npz")
    assert written.files == ["x", "y", "bytes", "scalar", "empty"]
    expected = {
        "x": np.array([0, 0.25, 0.5, 1], np.float32).reshape(2, 1, 1, 2),
        "y": np.array([3, 1], np.int64),
        "bytes": np.array([[1, 2], [3, 255]], np.uint8),
        "scalar": np.array(-2.5),
        "empty": np.zeros((0, 4), np.int32),
    }
    for name, array in expected.items():
        assert written[name].dtype == array.dtype and written[name].shape == array.shape, name
        assert (written[name] == array).all(), name
    assert zipfile.ZipFile("written.npz").testzip() is None
    print("written.npz is as expected")
