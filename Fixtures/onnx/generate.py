"""Writes one folder per case: model.onnx, inputs.f32 and outputs.f32 (3 examples, little-endian).

Outputs are those of onnxruntime, one example at a time. Made with onnx 1.23.2, onnxruntime 1.31.1
and numpy 2.4.6; run in this folder.
"""
import os, shutil
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(1)


def weights(*shape, scale=None):
    fan = int(np.prod(shape[1:])) or 1
    return (random.standard_normal(shape) * (scale or fan ** -0.5)).astype(np.float32)


def ints(*values):
    return np.array(values, dtype=np.int64)


def node(op, inputs, output, **attributes):
    outputs = output if isinstance(output, list) else [output]
    return helper.make_node(op, inputs.split(), outputs, name=f"{op}_{outputs[0]}", **attributes)


def case(name, opset, shape, nodes, constants=None, external=False, ir=None, batch="N", listed=False,
         spread=1.0, shift=0.0):
    """Input 'x' of [batch, *shape], output 'y'."""
    constants = constants or {}
    initializers = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch] + list(shape))]
    if listed:
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in initializers]
    graph = helper.make_graph(
        nodes, name, inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = ir or (8 if opset < 20 else 10)
    shutil.rmtree(name, ignore_errors=True)
    os.mkdir(name)
    path = f"{name}/model.onnx"
    if external:
        onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=True,
                  location="model.onnx.data", size_threshold=0)
    else:
        onnx.save(model, path)
    session = onnxruntime.InferenceSession(path)
    x = (random.standard_normal([3] + list(shape)) * spread + shift).astype(np.float32)
    y = np.concatenate([session.run(None, {"x": x[i:i + 1]})[0].reshape(1, -1) for i in range(3)])
    x.astype("<f4").tofile(f"{name}/inputs.f32")
    y.astype("<f4").tofile(f"{name}/outputs.f32")


# Convolution and pooling
conv = lambda **a: [node("Conv", "x w b", "y", **a)]
case("conv-asymmetric-pads", 11, [3, 7, 6], conv(pads=[0, 1, 2, 1], strides=[2, 1]),
     {"w": weights(4, 3, 3, 3), "b": weights(4)})
case("conv-dilations-groups", 11, [4, 9, 9], conv(dilations=[2, 3], group=2),
     {"w": weights(6, 2, 3, 2), "b": weights(6)})
case("conv-depthwise-same-lower", 11, [4, 6, 6], conv(auto_pad="SAME_LOWER", group=4, strides=[2, 2]),
     {"w": weights(4, 1, 4, 4), "b": weights(4)})
case("conv-same-upper", 7, [2, 7, 7], conv(auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3]),
     {"w": weights(3, 2, 3, 3), "b": weights(3)})
case("conv-line", 13, [2, 9], conv(pads=[1, 0], strides=[2]), {"w": weights(3, 2, 3), "b": weights(3)})
case("max-pool-ceil", 12, [2, 7, 8],
     [node("MaxPool", "x", "y", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, pads=[1, 0, 1, 0])])
case("max-pool-dilations", 10, [2, 7, 8],
     [node("MaxPool", "x", "y", kernel_shape=[2, 3], dilations=[2, 1])])
case("average-pool-padding", 11, [2, 7, 8],
     [node("AveragePool", "x", "y", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
           count_include_pad=1)])
case("average-pool-ceil", 11, [2, 7, 8],
     [node("AveragePool", "x", "y", kernel_shape=[2, 3], strides=[2, 2], ceil_mode=1,
           auto_pad="NOTSET")])
case("global-pools", 13, [3, 4, 5],
     [node("GlobalAveragePool", "x", "a"), node("GlobalMaxPool", "x", "m"),
      node("Concat", "a m", "y", axis=1)])

# Products
case("gemm-scaled", 9, [3, 4],
     [node("Reshape", "x s", "m"), node("Gemm", "m w c", "y", alpha=0.5, beta=2.0, transA=1)],
     {"s": ints(3, 4), "w": weights(3, 5), "c": weights(4, 1)})
case("gemm-of-two-values", 13, [4, 6],
     [node("Reshape", "x s", "m"), node("Gemm", "m m", "y", alpha=0.3, transB=1)], {"s": ints(4, 6)})
case("matmul-constant-left", 13, [4, 5], [node("MatMul", "w x", "y")], {"w": weights(3, 4)})
case("matmul-constant-stack", 13, [2, 3, 4], [node("MatMul", "x w", "y")], {"w": weights(2, 4, 3)})

# Activations and arithmetic
steps = ["LeakyRelu", "Elu", "Selu", "HardSwish", "HardSigmoid", "Softplus", "Tanh", "Erf", "Neg"]
for op in steps + ["Relu", "Sigmoid", "Abs"]:
    case("activation-" + op.lower(), 14, [2, 3], [node(op, "x", "y")])
for op in ["Exp", "Log", "Sqrt", "Reciprocal"]:
    case("activation-" + op.lower(), 13, [2, 3], [node("Sigmoid", "x", "s"), node(op, "s", "y")])
case("gelu", 20, [2, 3], [node("Gelu", "x", "a"), node("Gelu", "a", "y", approximate="tanh")])
case("prelu", 13, [3, 2, 2], [node("PRelu", "x s", "y")], {"s": weights(3, 1, 1)})
case("clip-attributes", 7, [2, 3], [node("Clip", "x", "y", min=-0.5, max=0.25)])
case("clip-inputs", 13, [2, 3], [node("Clip", "x low", "y")],
     {"low": np.float32(-0.25)})
case("power", 13, [2, 3],
     [node("Sigmoid", "x", "s"), node("Pow", "s e", "p"), node("Pow", "p t", "y")],
     {"e": np.float32(2.5), "t": np.float32(2)})
case("arithmetic-constants", 13, [3, 2, 2],
     [node("Add", "c x", "a"), node("Sub", "one a", "b"), node("Mul", "b full", "d"),
      node("Sigmoid", "d", "e"), node("Div", "one e", "f"), node("Sub", "f row", "g"),
      node("Div", "g two", "y")],
     {"c": weights(3, 1, 1), "one": np.float32(1), "full": weights(3, 2, 2), "row": weights(2),
      "two": np.array([2], np.float32)})
case("arithmetic-broadcast", 13, [3, 2, 4],
     [node("ReduceMean", "x", "m", axes=[2, 3]), node("Sub", "x m", "d"), node("Sigmoid", "m", "s"),
      node("Div", "d s", "q"), node("Mul", "s q", "p"), node("Max", "p x m", "u"),
      node("Min", "u d", "v"), node("Sum", "v x p", "y")])
case("arithmetic-grows", 13, [1, 3], [node("Add", "x c", "a"), node("Mul", "a c", "y")],
     {"c": weights(4, 1)})

# Shapes and selections
case("slice-steps", 13, [4, 6, 5], [node("Slice", "x s e a t", "y")],
     {"s": ints(-1, 1), "e": ints(-10, 2**62), "a": ints(2, -1), "t": ints(-2, 3)})
case("slice-attributes", 9, [4, 6], [node("Slice", "x", "y", starts=[1, 0], ends=[3, -2], axes=[1, 2])])
case("gather-matrix", 13, [4, 3], [node("Gather", "x i", "y", axis=1)],
     {"i": np.array([[0, -1], [2, 2]], dtype=np.int64)})
case("split-join", 13, [6, 2, 2],
     [node("Split", "x s", ["a", "b"], axis=1), node("Concat", "b a", "y", axis=1)], {"s": ints(2, 4)})
case("split-attribute", 11, [6, 2],
     [node("Split", "x", ["a", "b", "c"], axis=1), node("Mul", "a c", "d"), node("Add", "d b", "y")])
case("concat-constant", 13, [3, 4], [node("Concat", "c x", "y", axis=1)], {"c": weights(1, 2, 4)})
case("pad-constant", 13, [2, 3, 3], [node("Pad", "x p v", "y")],
     {"p": ints(0, 0, 1, 0, 0, 0, 0, 2), "v": np.float32(0.5)})
case("pad-reflect", 10, [2, 4, 4],
     [node("Pad", "x", "y", mode="reflect", pads=[0, 0, 2, 1, 0, 0, 1, 3])])
case("pad-edge-axes", 18, [2, 3, 3], [helper.make_node("Pad", ["x", "p", "", "a"], ["y"], mode="edge")],
     {"p": ints(1, 2), "a": ints(-1)})
case("tile-expand", 13, [1, 3],
     [node("Tile", "x r", "t"), node("Expand", "x s", "e"), node("Add", "t e", "y")],
     {"r": ints(1, 2, 1), "s": ints(1, 2, 3)})
case("squeeze-unsqueeze-11", 11, [1, 3, 1],
     [node("Squeeze", "x", "s", axes=[1, -1]), node("Unsqueeze", "s", "y", axes=[0, 3])])
case("reductions", 13, [3, 4],
     [node("ReduceSum", "x a", "s"), node("ReduceMax", "x", "m", axes=[-1]),
      node("ReduceMin", "x", "n", axes=[2], keepdims=1), node("ReduceL2", "x", "l", axes=[2]),
      node("Concat", "s m n l", "y", axis=2)], {"a": ints(2)})
case("reduce-mean-18", 18, [3, 4, 4], [node("ReduceMean", "x a", "y", keepdims=0)], {"a": ints(2, 3)})
case("softmax-9", 9, [2, 3, 2], [node("Softmax", "x", "s", axis=2), node("LogSoftmax", "s", "a"),
                                 node("Mul", "a x", "y")])
case("softmax-13", 13, [2, 3, 2], [node("Softmax", "x", "s", axis=2), node("LogSoftmax", "x", "l"),
                                   node("Mul", "s l", "y")])
case("normalizations", 17, [4, 3, 3],
     [node("InstanceNormalization", "x g b", "i"), node("LayerNormalization", "i lg lb", "l", axis=-1),
      node("BatchNormalization", "l g b m v", "y", epsilon=1e-3)],
     {"g": weights(4) + 1, "b": weights(4), "lg": weights(3), "lb": weights(3), "m": weights(4),
      "v": np.abs(weights(4)) + np.float32(0.1)})
case("group-normalization", 21, [4, 3, 3],
     [node("GroupNormalization", "x g b", "y", num_groups=2)], {"g": weights(4), "b": weights(4)})


# Families
def bn(x, y, channels, constants):
    for suffix, value in [("g", weights(channels) + 1), ("b", weights(channels)),
                          ("m", weights(channels)), ("v", np.abs(weights(channels)) + np.float32(.5))]:
        constants[f"{y}_{suffix}"] = value
    return node("BatchNormalization", f"{x} {y}_g {y}_b {y}_m {y}_v", y)


c = {"w1": weights(8, 3, 3, 3), "w2": weights(16, 8, 3, 3), "w3": weights(16, 16, 3, 3),
     "ws": weights(16, 8, 1, 1), "wf": weights(5, 16), "bf": weights(5)}
case("family-resnet", 17, [3, 12, 12],
     [node("Conv", "x w1", "c1", pads=[1] * 4), bn("c1", "n1", 8, c), node("Relu", "n1", "r1"),
      node("Conv", "r1 w2", "c2", pads=[1] * 4, strides=[2, 2]), bn("c2", "n2", 16, c),
      node("Relu", "n2", "r2"), node("Conv", "r2 w3", "c3", pads=[1] * 4), bn("c3", "n3", 16, c),
      node("Conv", "r1 ws", "cs", strides=[2, 2]), bn("cs", "ns", 16, c), node("Add", "n3 ns", "a"),
      node("Relu", "a", "r3"), node("GlobalAveragePool", "r3", "p"), node("Flatten", "p", "f"),
      node("Gemm", "f wf bf", "y", transB=1)], c, external=True)
c = {"we": weights(8, 3, 1, 1), "wd": weights(8, 1, 3, 3), "s1": weights(2, 8, 1, 1),
     "s2": weights(8, 2, 1, 1), "wf": weights(8, 4), "six": np.float32(6), "zero": np.float32(0),
     "sh": ints(0, -1)}
case("family-mobilenet", 14, [3, 8, 8],
     [node("Conv", "x we", "e"), bn("e", "n", 8, c), node("HardSwish", "n", "h"),
      node("Conv", "h wd", "d", group=8, pads=[1] * 4, strides=[2, 2]),
      node("Clip", "d zero six", "k"), node("ReduceMean", "k", "m", axes=[2, 3]),
      node("Conv", "m s1", "q"), node("Relu", "q", "r"), node("Conv", "r s2", "t"),
      node("HardSigmoid", "t", "g", alpha=1 / 6, beta=0.5), node("Mul", "g k", "z"),
      node("GlobalAveragePool", "z", "p"), node("Reshape", "p sh", "f"), node("MatMul", "f wf", "y")], c)
c = {"w": weights(4, 2, 1, 1), "w2": weights(3, 8), "two": ints(2), "four": ints(4), "mid": ints(2),
     "i0": np.int64(0), "i2": np.int64(2), "i3": np.int64(3)}
case("family-shufflenet", 12, [4, 4, 4],
     [node("Conv", "x w", "c", group=2), node("Shape", "c", "s"), node("Gather", "s i0", "n"),
      node("Gather", "s i2", "h"), node("Gather", "s i3", "v"), node("Unsqueeze", "n", "n1", axes=[0]),
      node("Unsqueeze", "h", "h1", axes=[0]), node("Unsqueeze", "v", "v1", axes=[0]),
      node("Concat", "n1 two mid h1 v1", "sh", axis=0), node("Reshape", "c sh", "g"),
      node("Transpose", "g", "t", perm=[0, 2, 1, 3, 4]), node("Concat", "n1 four h1 v1", "sb", axis=0),
      node("Reshape", "t sb", "u"), node("Concat", "u x", "j", axis=1),
      node("ReduceMean", "j", "p", axes=[2, 3], keepdims=0), node("Gemm", "p w2", "y", transB=1)], c)
d, heads = 8, 2
c = {"wp": weights(d, 3, 4, 4), "bp": weights(d), "cls": weights(1, 1, d), "pos": weights(1, 5, d),
     "g": weights(d) + 1, "b": weights(d), "wqkv": weights(d, 3 * d, scale=.4), "bqkv": weights(3 * d),
     "wo": weights(d, d, scale=.3), "w1": weights(d, 16, scale=.3), "w2": weights(16, d, scale=.3),
     "wh": weights(d, 4), "flat": ints(0, d, -1), "shape": ints(0, 5, 3, heads, d // heads),
     "back": ints(0, 5, d), "scale": np.float32(0.5), "i0": np.int64(0), "i1": np.int64(1),
     "i2": np.int64(2), "r2": np.float32(1.4142135), "one": np.float32(1), "half": np.float32(.5)}
case("family-vit", 17, [3, 8, 8],
     [node("Conv", "x wp bp", "p", strides=[4, 4]), node("Reshape", "p flat", "f"),
      node("Transpose", "f", "t", perm=[0, 2, 1]), node("Concat", "cls t", "k", axis=1),
      node("Add", "k pos", "e"), node("LayerNormalization", "e g b", "l"),
      node("MatMul", "l wqkv", "m0"), node("Add", "bqkv m0", "m"), node("Reshape", "m shape", "q5"),
      node("Transpose", "q5", "qkv", perm=[2, 0, 3, 1, 4]), node("Gather", "qkv i0", "q"),
      node("Gather", "qkv i1", "kk"), node("Gather", "qkv i2", "v"),
      node("Transpose", "kk", "kt", perm=[0, 1, 3, 2]), node("MatMul", "q kt", "s0"),
      node("Mul", "s0 scale", "s"), node("Softmax", "s", "a", axis=-1), node("MatMul", "a v", "o"),
      node("Transpose", "o", "ot", perm=[0, 2, 1, 3]), node("Reshape", "ot back", "ob"),
      node("MatMul", "ob wo", "op"), node("Add", "op e", "h"), node("LayerNormalization", "h g b", "hl"),
      node("MatMul", "hl w1", "u"), node("Div", "u r2", "u1"), node("Erf", "u1", "u2"),
      node("Add", "u2 one", "u3"), node("Mul", "u u3", "u4"), node("Mul", "u4 half", "gelu"),
      node("MatMul", "gelu w2", "w"), node("Add", "w h", "z"), node("Gather", "z i0", "y0", axis=1),
      node("MatMul", "y0 wh", "y")], c, batch=1)
case("family-keras", 13, [6, 6, 3],
     [node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Pad", "t p", "q"),
      node("Conv", "q w", "c", strides=[2, 2]), node("Relu", "c", "r"),
      node("Transpose", "r", "n", perm=[0, 2, 3, 1]), node("Mul", "n s", "m"),
      node("Transpose", "m", "u", perm=[0, 3, 1, 2]),
      node("MaxPool", "u", "v", kernel_shape=[2, 2], strides=[1, 1]),
      node("Transpose", "v", "o", perm=[0, 2, 3, 1]), node("Reshape", "o f", "l"),
      node("MatMul", "l d", "e"), node("Add", "e b", "z"), node("Softmax", "z", "y")],
     {"p": ints(0, 0, 0, 0, 0, 0, 1, 1), "w": weights(4, 3, 3, 3), "s": weights(4), "f": ints(-1, 16),
      "d": weights(16, 3), "b": weights(3)})
case("old-listed-initializers", 7, [3, 4],
     [node("Reshape", "w s", "v"), node("Flatten", "x", "f"), node("MatMul", "f v", "m"),
      node("Add", "m b", "y")],
     {"w": weights(3, 4, 5), "s": ints(12, 5), "b": weights(1, 5)}, ir=3, listed=True, batch=1)


# Refused: what a user may hand over by mistake or on purpose
def refused(name, nodes, constants=None, shape=("N", 3, 4), opset=13, change=None):
    constants = constants or {}
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    if change:
        change(model)
    os.makedirs("../onnx-refused", exist_ok=True)
    with open(f"../onnx-refused/{name}.onnx", "wb") as file:
        file.write(model.SerializeToString())


def external(**entries):
    def change(model):
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in entries.items():
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
    return change


def shorten(model):
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]


def enlarge(model):
    model.graph.initializer[0].dims[0] = 1 << 62


product = [node("MatMul", "x w", "y")]
nan = weights(4, 2)
nan[1, 1] = np.nan
refused("unknown-operator", [node("Einsum", "x", "y", equation="abc->acb")])
refused("unknown-domain", [node("Conv", "x", "y", domain="com.example")])
refused("nan-weights", product, {"w": nan})
refused("wrong-shape", product, {"w": weights(5, 2)})
refused("short-weights", product, {"w": weights(4, 2)}, change=shorten)
refused("huge-weights", product, {"w": weights(4, 2)}, change=enlarge)
refused("batch-of-8", product, {"w": weights(4, 2)}, shape=(8, 3, 4))
refused("open-extent", product, {"w": weights(4, 2)}, shape=("N", "C", 4))
refused("missing-value", [node("MatMul", "x v", "y")])
refused("missing-attribute", [node("Concat", "x x", "y")])
refused("bad-reshape", [node("Reshape", "x s", "y")], {"s": ints(5, -1)})
refused("huge-expand", [node("Expand", "x s", "y")], {"s": ints(1 << 40, 3, 4)})
refused("constant-output", [node("Relu", "w", "y")], {"w": weights(4, 2)})
refused("opset-6", product, {"w": weights(4, 2)}, opset=6)
refused("external-outside", product, {"w": weights(4, 2)}, change=external(location="../onnx/generate.py"))
refused("external-absolute", product, {"w": weights(4, 2)}, change=external(location="/etc/passwd"))
refused("external-absent", product, {"w": weights(4, 2)}, change=external(location="absent.bin"))
refused("external-too-long", product, {"w": weights(4, 2)},
        change=external(location="nan-weights.onnx", offset="16", length="4000000"))
