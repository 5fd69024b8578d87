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
  let runs: [Run]
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
    runs = plan.runs
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
  /// Where something is for the examples that run at a time, in floats.
  struct Place {
    /// For the first of them.
    var offset = 0
    /// From these to the next; 0 where those take the same place.
    var stride = 0
  }

  /// One operation and where its operands are.
  struct Step {
    var node: Int
    var operation: any Operation
    var inputs: [Place]
    var output: Place
    var outputGradient: Place
    /// Where `backward` writes for each input; nil where nobody asks.
    var inputGradients: [Place?]
    /// Gradients that were written to one place and must be added to another: floats an example.
    var additions: [(from: Place, to: Place, count: Int)]
    var saved: Place
    /// Working space of `forward`.
    var scratch: Place
    /// Working space of the backward pass; nil where that has nothing to do.
    var backwardScratch: Place?
    /// Which of the network's parameters are its layer's.
    var parameters: Range<Int>
    /// Where what `measureParameterGradients` keeps is.
    var kept: Place

    var runsBackward: Bool { backwardScratch != nil }
  }

  /// Steps that run one after the other for so many examples of a chunk, then for the next.
  struct Run {
    var steps: Range<Int>
    var capacity: Int
    /// How many calls come before its own.
    var firstCall: Int

    /// How often for a chunk; once if it is empty.
    func turns(_ count: Int) -> Int { max((count + capacity - 1) / capacity, 1) }

    /// The number of a step's call in a turn.
    func call(_ step: Int, _ turn: Int) -> Int {
      firstCall + turn * steps.count + step - steps.lowerBound
    }
  }

  /// Offsets of what the caller reads and writes.
  struct Layout {
    var count: Int
    var input: Int
    var output: Int
    var outputGradient: Int
    var inputGradient: Int
  }

  static func plan(
    _ network: Network, capacity: Int, purpose: Purpose, packing: Packing?
  ) -> (steps: [Step], runs: [Run], layout: Layout) {
    let nodes = network.nodes
    let total = nodes.count
    let training = purpose.isTraining
    let hasBackward = purpose != .inference
    let stages = Stage.stages(of: network, capacity: capacity, purpose: purpose)
    var schedule = Schedule(nodes: total, stages: stages, capacity: capacity)

    // Views share the value they look at.
    var root = [Int](0...total)
    for (index, node) in nodes.enumerated() where node.layer.isView {
      root[index + 1] = root[node.inputs[0]]
    }
    let operations = nodes.enumerated().map { index, node -> (any Operation)? in
      if node.layer.isView { return nil }
      return node.layer.operation(
        for: node.inputs.map { network.shapes[$0] }, capacity: schedule.capacity(of: index),
        purpose: purpose, packing: packing)
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
      use(index + 1, at: schedule.forward(index))
      for input in node.inputs { use(input, at: schedule.forward(index)) }
      guard hasBackward else { continue }
      let reads = operation.backwardReads
      if reads.contains(.output) { use(index + 1, at: schedule.backward(index)) }
      if reads.contains(.inputs) || training && reads.contains(.inputsForParameters) {
        for input in node.inputs { use(input, at: schedule.backward(index)) }
      }
    }
    use(network.output, at: schedule.middle)

    var values = [Int: Schedule.Block]()
    var gradients = [Int: Schedule.Block]()
    for value in 0...total where root[value] == value {
      let birth = value == 0 ? 0 : schedule.forward(value - 1)
      values[value] = schedule.add(
        network.shapes[value].elementCount, birth...max(birth, lastUse[value]))
    }
    if hasBackward {
      var first = [Int](repeating: schedule.end, count: total + 1)
      first[root[network.output]] = schedule.middle
      for (index, node) in nodes.enumerated() where operations[index] != nil {
        for input in node.inputs {
          first[root[input]] = min(first[root[input]], schedule.backward(index))
        }
      }
      for value in 0...total where root[value] == value {
        let last = value == 0 ? schedule.end : schedule.backward(value - 1)
        guard first[value] <= last else { continue }
        gradients[value] = schedule.add(
          network.shapes[value].elementCount, first[value]...last)
      }
    }

    struct Draft {
      var additions: [(from: Schedule.Block, to: Schedule.Block, count: Int)] = []
      var inputGradients: [Schedule.Block?] = []
      var saved: Schedule.Block
      var scratch: Schedule.Block
      var backwardScratch: Schedule.Block?
      var kept: Schedule.Block?
    }
    var written: Set<Int> = [root[network.output]]
    var drafts = [Draft?](repeating: nil, count: total)
    for index in nodes.indices.reversed() {
      guard let operation = operations[index] else { continue }
      let node = nodes[index]
      let forward = schedule.forward(index)
      let backward = schedule.backward(index)
      var draft = Draft(
        saved: schedule.add(
          perTurn: operation.savedCount, forward...(hasBackward ? backward : forward)),
        scratch: schedule.add(perTurn: operation.scratchCount, forward...forward))
      defer { drafts[index] = draft }
      // What nobody writes a gradient for is not on the way to the output.
      guard hasBackward, gradients[root[index + 1]] != nil, needsGradient[index + 1],
        written.contains(root[index + 1])
      else { continue }
      draft.backwardScratch = schedule.add(
        perTurn: operation.scratchCount, backward...backward)
      if purpose == .exampleGradients, let operation = operation as? any ExampleGradientOperation {
        draft.kept = schedule.add(perTurn: operation.keptCount, backward...schedule.end)
      }
      for input in node.inputs {
        guard needsGradient[input], let gradient = gradients[root[input]] else {
          draft.inputGradients.append(nil)
          continue
        }
        if written.insert(root[input]).inserted {
          draft.inputGradients.append(gradient)
        } else {
          let size = network.shapes[input].elementCount
          let extra = schedule.add(size, backward...backward)
          draft.inputGradients.append(extra)
          draft.additions.append((from: extra, to: gradient, count: size))
        }
      }
    }

    let (place, count) = schedule.place()
    var parameters = 0
    var steps: [Step] = []
    var calls = 0
    let runs = stages.map { stage in
      let first = steps.count
      for index in stage.nodes {
        let node = nodes[index]
        let firstParameter = parameters
        parameters += node.layer.parameters.count
        guard let operation = operations[index], let draft = drafts[index] else { continue }
        func seen(_ block: Schedule.Block) -> Place { place(block, index) }
        steps.append(
          Step(
            node: index, operation: operation,
            inputs: node.inputs.compactMap { values[root[$0]].map(seen) },
            output: values[root[index + 1]].map(seen) ?? Place(),
            outputGradient: gradients[root[index + 1]].map(seen) ?? Place(),
            inputGradients: draft.inputGradients.map { $0.map(seen) },
            additions: draft.additions.map { (seen($0.from), seen($0.to), $0.count) },
            saved: seen(draft.saved), scratch: seen(draft.scratch),
            backwardScratch: draft.backwardScratch.map(seen),
            parameters: firstParameter..<parameters, kept: draft.kept.map(seen) ?? Place()))
      }
      let run = Run(steps: first..<steps.count, capacity: stage.capacity, firstCall: calls)
      calls += run.turns(capacity) * run.steps.count
      return run
    }
    func offset(_ block: Schedule.Block?) -> Int { block.map { place($0, 0).offset } ?? 0 }
    let layout = Layout(
      count: count, input: offset(values[root[0]]), output: offset(values[root[network.output]]),
      outputGradient: offset(gradients[root[network.output]]),
      inputGradient: offset(gradients[0]))
    return (steps, runs, layout)
  }
}
