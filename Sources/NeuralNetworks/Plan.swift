public import Tensors

/// A network made ready to run on chunks of up to `capacity` examples: operations with packed
/// weights and a place in memory for every value. Immutable, unless a `Packing` says otherwise; any
/// number of threads share one, each with a ``Workspace`` of its own.
///
/// The network is optimised first (``Network/optimized(keepsNoise:)``); for training only in ways that leave
/// its parameters as they are. Plans for `.inference` and `.inputGradient` yield the same bits: the
/// former leave out what only a backward pass needs.
public final class Plan: Sendable {
  /// Which passes will be run; memory and packed weights are made for these only.
  public enum Purpose: Sendable {
    /// Forward only.
    case inference
    /// Forward, and the gradient with respect to the input. No weight gradient is computed.
    case inputGradient
    /// Forward in training mode, and the gradient with respect to the parameters.
    case training
    /// The same, with the norm of each example's gradient before they are summed.
    case exampleGradients

    var isTraining: Bool { self == .training || self == .exampleGradients }
  }

  /// What runs, after optimisation.
  public let network: Network
  /// The largest number of examples of one pass.
  public let capacity: Int
  public let purpose: Purpose

  let steps: [Step]
  let layout: Layout

  /// Shapes were checked when the network was built with `append`.
  /// - Parameter keepsNoise: true where passes are given noise keys; else ``Noise`` is left out,
  ///   except in training.
  /// - Parameter packing: made for plans of this network, capacity and purpose, which makes the
  ///   plan made with it before unusable; nil for weights that stay.
  /// - Parameter threads: which share the packing.
  public init(
    _ network: Network, capacity: Int, purpose: Purpose = .inputGradient, keepsNoise: Bool = false,
    packing: Packing? = nil, threads: Int = 1
  ) {
    precondition(capacity > 0, "a chunk holds at least one example, not \(capacity)")
    let network =
      purpose.isTraining
      ? network.optimizedForTraining() : network.optimized(keepsNoise: keepsNoise)
    self.network = network
    self.capacity = capacity
    self.purpose = purpose
    packing?.begin()
    let plan = Self.plan(network, capacity: capacity, purpose: purpose, packing: packing)
    packing?.finish(threads: threads)
    steps = plan.steps
    layout = plan.layout
  }

  /// How many layers have parameters that the output depends on.
  public var parameterLayers: Int {
    steps.count { !$0.parameters.isEmpty && $0.runsBackward }
  }

  /// The operation of a step whose layer has parameters, in a plan for single examples' gradients.
  func measuring(_ step: Step) -> any ExampleGradientOperation {
    guard let operation = step.operation as? any ExampleGradientOperation else {
      preconditionFailure("node '\(network.nodes[step.node].name)' has no gradient of one example")
    }
    return operation
  }

  /// A place to run this plan; one a thread.
  public func makeWorkspace() -> Workspace { Workspace(self) }
}

extension Plan {
  /// One operation and where its operands live, as offsets in floats.
  struct Step {
    var node: Int
    var operation: any Operation
    var inputs: [Int]
    var output: Int
    var outputGradient: Int?
    /// Where `backward` writes for each input; nil where nobody asks.
    var inputGradients: [Int?]
    /// Gradients that were written to one place and must be added to another.
    var additions: [(from: Int, to: Int, count: Int)]
    var saved: Int
    /// Working space of `forward`.
    var scratch: Int
    /// Working space of the backward pass.
    var backwardScratch: Int
    /// True where the backward pass has something to do.
    var runsBackward: Bool
    /// Which of the network's parameters are its layer's.
    var parameters: Range<Int>
    /// Where what `measureParameterGradients` keeps is.
    var kept: Int
  }

  /// Offsets of what the caller reads and writes.
  struct Layout {
    var count: Int
    var input: Int
    var output: Int
    var outputGradient: Int
    var inputGradient: Int
  }

  /// Moments: node i runs forward at i + 1 and backward at 2T + 1 - i (T nodes); the input is
  /// there at 0, the caller reads the output and writes its gradient at T + 1, and reads the
  /// input's gradient at the last moment, 2T + 2.
  static func plan(
    _ network: Network, capacity: Int, purpose: Purpose, packing: Packing?
  ) -> (steps: [Step], layout: Layout) {
    let nodes = network.nodes
    let total = nodes.count
    let middle = total + 1
    let end = 2 * total + 2
    let training = purpose.isTraining
    let hasBackward = purpose != .inference
    func forwardMoment(_ node: Int) -> Int { node + 1 }
    func backwardMoment(_ node: Int) -> Int { 2 * total + 1 - node }

    // Views share the value they look at.
    var root = [Int](0...total)
    for (index, node) in nodes.enumerated() where node.layer.isView {
      root[index + 1] = root[node.inputs[0]]
    }
    let operations = nodes.enumerated().map { index, node -> (any Operation)? in
      if node.layer.isView { return nil }
      return node.layer.operation(
        for: node.inputs.map { network.shapes[$0] }, capacity: capacity, purpose: purpose,
        packing: packing)
    }
    // In training, a gradient is needed for a value only if a parameter lies before it; else only
    // if the input does.
    var needsGradient = [Bool](repeating: false, count: total + 1)
    needsGradient[0] = purpose == .inputGradient
    for (index, node) in nodes.enumerated() {
      needsGradient[index + 1] =
        training && !node.layer.parameters.isEmpty || node.inputs.contains { needsGradient[$0] }
    }

    var lastUse = [Int](repeating: 0, count: total + 1)
    func use(_ value: Int, at moment: Int) {
      lastUse[root[value]] = max(lastUse[root[value]], moment)
    }
    for (index, node) in nodes.enumerated() {
      guard let operation = operations[index] else { continue }
      use(index + 1, at: forwardMoment(index))
      for input in node.inputs { use(input, at: forwardMoment(index)) }
      guard hasBackward else { continue }
      let reads = operation.backwardReads
      if reads.contains(.output) { use(index + 1, at: backwardMoment(index)) }
      if reads.contains(.inputs) || training && reads.contains(.inputsForParameters) {
        for input in node.inputs { use(input, at: backwardMoment(index)) }
      }
    }
    use(network.output, at: middle)

    var memory = MemoryPlan()
    var values = [Int: Int]()
    var gradients = [Int: Int]()
    func birth(_ value: Int) -> Int { value == 0 ? 0 : forwardMoment(value - 1) }
    for value in 0...total where root[value] == value {
      values[value] = memory.add(
        capacity * network.shapes[value].elementCount,
        birth(value)...max(birth(value), lastUse[value]))
    }
    if hasBackward {
      var first = [Int](repeating: end, count: total + 1)
      first[root[network.output]] = middle
      for (index, node) in nodes.enumerated() where operations[index] != nil {
        for input in node.inputs {
          first[root[input]] = min(first[root[input]], backwardMoment(index))
        }
      }
      for value in 0...total where root[value] == value {
        let last = value == 0 ? end : backwardMoment(value - 1)
        guard first[value] <= last else { continue }
        gradients[value] = memory.add(
          capacity * network.shapes[value].elementCount, first[value]...last)
      }
    }

    struct Draft {
      var additions: [(from: Int, to: Int, count: Int)] = []
      var inputGradients: [Int?] = []
      var saved = 0
      var scratch = [Int]()
      var kept: Int?
    }
    var written: Set<Int> = [root[network.output]]
    var drafts = [Draft](repeating: Draft(), count: total)
    for index in nodes.indices.reversed() {
      guard let operation = operations[index] else { continue }
      let node = nodes[index]
      drafts[index].saved = memory.add(
        operation.savedCount,
        forwardMoment(index)...(hasBackward ? backwardMoment(index) : forwardMoment(index)))
      drafts[index].scratch.append(
        memory.add(operation.scratchCount, forwardMoment(index)...forwardMoment(index)))
      // What nobody writes a gradient for is not on the way to the output.
      guard hasBackward, gradients[root[index + 1]] != nil, needsGradient[index + 1],
        written.contains(root[index + 1])
      else { continue }
      let moment = backwardMoment(index)
      drafts[index].scratch.append(memory.add(operation.scratchCount, moment...moment))
      if purpose == .exampleGradients, let operation = operation as? any ExampleGradientOperation {
        drafts[index].kept = memory.add(operation.keptCount, moment...end)
      }
      for input in node.inputs {
        guard needsGradient[input], let gradient = gradients[root[input]] else {
          drafts[index].inputGradients.append(nil)
          continue
        }
        let count = capacity * network.shapes[input].elementCount
        if written.insert(root[input]).inserted {
          drafts[index].inputGradients.append(gradient)
        } else {
          let extra = memory.add(count, moment...moment)
          drafts[index].inputGradients.append(extra)
          drafts[index].additions.append((from: extra, to: gradient, count: count / capacity))
        }
      }
    }

    let (offsets, count) = memory.place()
    func offset(ofValue value: Int) -> Int { values[root[value]].map { offsets[$0] } ?? 0 }
    var parameters = 0
    let steps = nodes.indices.compactMap { index -> Step? in
      let firstParameter = parameters
      parameters += nodes[index].layer.parameters.count
      guard let operation = operations[index] else { return nil }
      let node = nodes[index]
      let draft = drafts[index]
      return Step(
        node: index, operation: operation, inputs: node.inputs.map(offset(ofValue:)),
        output: offset(ofValue: index + 1),
        outputGradient: gradients[root[index + 1]].map { offsets[$0] },
        inputGradients: draft.inputGradients.map { $0.map { offsets[$0] } },
        additions: draft.additions.map { (offsets[$0.from], offsets[$0.to], $0.count) },
        saved: offsets[draft.saved], scratch: offsets[draft.scratch[0]],
        backwardScratch: draft.scratch.last.map { offsets[$0] } ?? 0,
        runsBackward: draft.scratch.count > 1,
        parameters: firstParameter..<parameters,
        kept: draft.kept.map { offsets[$0] } ?? 0)
    }
    let layout = Layout(
      count: count, input: offset(ofValue: 0), output: offset(ofValue: network.output),
      outputGradient: gradients[root[network.output]].map { offsets[$0] } ?? 0,
      inputGradient: gradients[0].map { offsets[$0] } ?? 0)
    return (steps, layout)
  }
}
