public import Tensors

/// A feed-forward network: a directed acyclic graph of layers from one input to one output.
///
/// Shapes are per example: a network for `[batch, 1, 28, 28]` has `inputShape` `[1, 28, 28]`.
/// Values are numbered: value 0 is the input, node `i` yields value `i + 1` and reads only values
/// of smaller number.
public struct Network: Sendable {
  /// One layer and what it reads.
  public struct Node: Sendable {
    /// A name for messages, files and "after node X"; unique in a network.
    public var name: String
    public var layer: any Layer
    /// The values read, each smaller than this node's own.
    public var inputs: [Int]

    public init(name: String, layer: any Layer, inputs: [Int]) {
      self.name = name
      self.layer = layer
      self.inputs = inputs
    }
  }

  /// The shape of one example.
  public let inputShape: [Int]
  /// The layers in an order in which they can run.
  public private(set) var nodes: [Node] = []
  /// The shape of each value; `shapes[0]` is `inputShape`.
  public private(set) var shapes: [[Int]]
  /// The number of the value that is the network's output.
  public private(set) var output = 0

  /// A network that returns its input.
  public init(inputShape: [Int]) {
    precondition(inputShape.allSatisfy { $0 > 0 }, "input shape \(inputShape) has no elements")
    self.inputShape = inputShape
    shapes = [inputShape]
  }

  /// The shape of the output of one example.
  public var outputShape: [Int] { shapes[output] }

  /// Adds a layer that reads `inputs` (by default the present output) and makes it the output.
  ///
  /// - Returns: the number of the value it yields.
  /// - Throws: ``NetworkError`` where the layer cannot take these shapes.
  @discardableResult
  public mutating func append(
    _ layer: any Layer, named name: String? = nil, reading inputs: [Int]? = nil
  ) throws(NetworkError) -> Int {
    let inputs = inputs ?? [output]
    let name = name ?? "\(type(of: layer).kind)\(nodes.count + 1)"
    for input in inputs where input < 0 || input >= shapes.count {
      throw .layer(name: name, problem: "reads value \(input) of \(shapes.count)")
    }
    let shape: [Int]
    do throws(ShapeError) {
      shape = try layer.outputShape(for: inputs.map { shapes[$0] })
    } catch {
      throw .layer(name: name, problem: error.description)
    }
    guard let count = shape.checkedElementCount, count > 0, count < 1 << 40 else {
      throw .layer(name: name, problem: "would yield shape \(shape)")
    }
    nodes.append(Node(name: name, layer: layer, inputs: inputs))
    shapes.append(shape)
    output = nodes.count
    return output
  }

  /// Makes another value the output; layers that it does not depend on remain until `optimized()`.
  public mutating func setOutput(_ value: Int) {
    precondition(value >= 0 && value < shapes.count, "value \(value) of \(shapes.count)")
    output = value
  }

  /// Puts another layer of the same shapes and parameters in a node's place.
  mutating func setLayer(ofNode name: String, _ change: (any Layer) -> any Layer) {
    guard let index = nodes.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("there is no node '\(name)'")
    }
    nodes[index].layer = change(nodes[index].layer)
  }

  /// The trainable tensors of all layers, in node order and each layer's own order.
  public var parameters: [Tensor] {
    get { nodes.flatMap(\.layer.parameters) }
    set {
      var next = 0
      for index in nodes.indices {
        let count = nodes[index].layer.parameters.count
        guard count > 0 else { continue }
        nodes[index].layer.parameters = Array(newValue[next..<next + count])
        next += count
      }
      precondition(next == newValue.count, "\(newValue.count) tensors for \(next) parameters")
    }
  }

  /// Changes the parameters, in place where nobody else has them.
  mutating func updateParameters(_ change: (inout [Tensor]) -> Void) {
    var parameters = self.parameters
    self.parameters = parameters.map { _ in Tensor(shape: [0]) }
    change(&parameters)
    self.parameters = parameters
  }

  /// The number of trainable numbers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.values.count } }
}

/// What is wrong with a network.
public enum NetworkError: Error, Equatable, CustomStringConvertible {
  /// A layer that does not fit where it was put.
  case layer(name: String, problem: String)

  public var description: String {
    switch self {
    case .layer(let name, let problem): "layer '\(name)': \(problem)"
    }
  }
}

/// Shapes that a layer cannot take; a sentence without the layer's name.
public struct ShapeError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
