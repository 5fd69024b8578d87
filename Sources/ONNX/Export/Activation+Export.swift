import NeuralNetworks
import Tensors

extension Activation: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let (x, name) = (place.inputs[0], place.name)
    func simple(
      _ operation: String, _ attributes: KeyValuePairs<String, ExportGraph.Attribute> = [:]
    ) -> String { graph.node(operation, [x], named: name, attributes) }
    switch function {
    case .relu: return simple("Relu")
    case .leakyReLU(let slope): return simple("LeakyRelu", ["alpha": .float(slope)])
    case .sigmoid: return simple("Sigmoid")
    case .tanh: return simple("Tanh")
    case .elu(let alpha): return simple("Elu", ["alpha": .float(alpha)])
    case .softplus: return simple("Softplus")
    case .hardSigmoid(let alpha, let beta):
      return simple("HardSigmoid", ["alpha": .float(alpha), "beta": .float(beta)])
    case .hardSwish: return simple("HardSwish")
    case .clip(let low, let high):
      let bounds = [
        graph.constant(low, named: name + ".low"), graph.constant(high, named: name + ".high"),
      ]
      return graph.node("Clip", [x] + bounds, named: name)
    case .gelu:
      // x / 2 * (1 + erf(x / sqrt 2)); an operator of its own comes with operator set 20.
      let root = graph.constant(0.70710677, named: name + ".root")
      let scaled = graph.node("Mul", [x, root], named: name + ".scaled")
      let erf = graph.node("Erf", [scaled], named: name + ".erf")
      let one = graph.constant(1, named: name + ".one")
      let sum = graph.node("Add", [erf, one], named: name + ".sum")
      let half = graph.constant(0.5, named: name + ".half")
      let halved = graph.node("Mul", [x, half], named: name + ".halved")
      return graph.node("Mul", [halved, sum], named: name)
    case .erf: return simple("Erf")
    case .exp: return simple("Exp")
    case .log: return simple("Log")
    case .squareRoot: return simple("Sqrt")
    case .reciprocal: return simple("Reciprocal")
    case .power(let exponent):
      let constant = graph.constant(exponent, named: name + ".exponent")
      return graph.node("Pow", [x, constant], named: name)
    case .absolute: return simple("Abs")
    case .silu:
      let gate = graph.node("Sigmoid", [x], named: name + ".gate")
      return graph.node("Mul", [x, gate], named: name)
    }
  }
}
