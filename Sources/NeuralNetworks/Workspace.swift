public import Tensors

/// One thread's memory for a ``Plan``, and the passes themselves. Sized once; a pass allocates
/// nothing. Not for use by two threads at a time.
public final class Workspace {
  /// What is run.
  public var plan: Plan {
    guard let current else { preconditionFailure("the workspace's plan was retired") }
    return current
  }
  private var current: Plan?
  private let memory: UnsafeMutablePointer<Float>
  private let memoryCount: Int
  /// One for each step and turn, turn by turn of each run.
  private var calls: [Call]
  private var count = 0

  init(_ plan: Plan) {
    current = plan
    memoryCount = plan.layout.count
    let size = max(plan.layout.count, 16)
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: size * MemoryLayout<Float>.stride, alignment: 64)
    memory = raw.bindMemory(to: Float.self, capacity: size)
    memory.initialize(repeating: 0, count: size)
    let memory = memory
    calls = plan.runs.flatMap { run in
      (0..<run.turns(plan.capacity)).flatMap { turn in
        plan.steps[run.steps].map { step in
          func at(_ place: Plan.Place) -> UnsafeMutablePointer<Float> {
            memory + place.offset + turn * place.stride
          }
          return Call(
            count: 0, inputs: step.inputs.map { UnsafePointer(at($0)) }, output: at(step.output),
            outputGradient: at(step.outputGradient),
            inputGradients: step.inputGradients.map { $0.map(at) }, scratch: at(step.scratch),
            saved: at(step.saved), kept: at(step.kept), training: nil)
        }
      }
    }
  }

  deinit { memory.deallocate() }

  /// Runs another plan for training of the same network structure, capacity and purpose (with other
  /// weights) from now on, in the same memory.
  func adopt(_ plan: Plan) {
    precondition(
      plan.layout.count == memoryCount && plan.steps.count == calls.count,
      "a plan of another network")
    current = plan
  }

  /// Lets go of the plan, so that nothing here holds the weights when they are changed; `adopt` comes
  /// next.
  func retire() { current = nil }

  /// Where the caller puts the chunk before `forward`: `[count, inputShape...]`.
  public var input: UnsafeMutablePointer<Float> { memory + plan.layout.input }
  /// The result of the last `forward`: `[count, outputShape...]`.
  public var output: UnsafePointer<Float> { UnsafePointer(memory + plan.layout.output) }
  /// Where the caller puts the loss's gradient with respect to the output before `backward`.
  public var outputGradient: UnsafeMutablePointer<Float> {
    memory + plan.layout.outputGradient
  }
  /// The gradient with respect to the input after `backward`: `[count, inputShape...]`.
  public var inputGradient: UnsafePointer<Float> {
    precondition(plan.purpose == .inputGradient, "the plan is for \(plan.purpose)")
    return UnsafePointer(memory + plan.layout.inputGradient)
  }

  /// Computes the output for the first `count` examples of `input`.
  ///
  /// The plan may use `input`'s memory for other values afterwards: write it before every pass.
  /// - Parameter noise: the key of each example's noise; empty for a pass without noise.
  public func forward(count: Int, training: TrainingPass? = nil, noise: [RandomKey] = []) {
    precondition(count >= 0 && count <= plan.capacity, "\(count) examples for \(plan.capacity)")
    precondition(plan.purpose.isTraining || training == nil, "the plan is not for training")
    precondition(noise.isEmpty || noise.count == count, "\(noise.count) keys for \(count)")
    self.count = count
    for run in plan.runs {
      for turn in 0..<run.turns(count) {
        let first = turn * run.capacity
        let last = min(first + run.capacity, count)
        for step in run.steps {
          let call = run.call(step, turn)
          calls[call].count = last - first
          if !noise.isEmpty { calls[call].noise = noise[first..<last] }
          calls[call].training = training
          calls[call].scratch = memory + plan.steps[step].scratch.offset
          plan.steps[step].operation.forward(calls[call])
          // The caller's again, who may write the next keys in the same memory.
          calls[call].noise = []
        }
      }
    }
  }

  /// Computes `inputGradient` from `outputGradient`, for the examples of the last `forward`, once.
  public func backward() {
    precondition(plan.purpose == .inputGradient, "the plan is for \(plan.purpose)")
    runBackward { _, _ in }
  }

  /// Adds the gradient with respect to every parameter of the network, summed over the chunk in
  /// order, to `sums`: one buffer a parameter, in the order of `Network.parameters`.
  public func addParameterGradients(to sums: [UnsafeMutablePointer<Float>]) {
    addParameterGradients(to: sums.map(GradientBuffer.sum))
  }

  /// The same, with factors where the buffer is for them.
  func addParameterGradients(to sums: [GradientBuffer]) {
    precondition(plan.purpose == .training, "the plan is for \(plan.purpose)")
    checkBuffers(sums)
    runBackward { step, call in
      guard !step.parameters.isEmpty else { return }
      step.operation.addParameterGradients(call, to: Array(sums[step.parameters]))
    }
  }

  /// Computes the squared Euclidean norm of each example's gradient, layer by layer, in one
  /// backward pass, and keeps what ``addParameterGradients(scaledBy:to:)`` needs.
  ///
  /// - Parameter squaredNorms: `[plan.parameterLayers, count]`, overwritten: for each layer with
  ///   parameters, in the network's order, the norm over all of its parameters together.
  public func measureParameterGradients(squaredNorms: UnsafeMutablePointer<Double>) {
    precondition(plan.purpose == .exampleGradients, "the plan is for \(plan.purpose)")
    squaredNorms.update(repeating: 0, count: plan.parameterLayers * count)
    var layer = plan.steps.count { !$0.parameters.isEmpty && $0.runsBackward }
    runBackward { step, call in
      guard !step.parameters.isEmpty else { return }
      layer -= 1
      plan.measuring(step).measureParameterGradients(
        call, squaredNorms: squaredNorms + layer * count)
    }
  }

  /// Adds each example's gradient times its factor to `sums`, in the order of the examples; after
  /// ``measureParameterGradients(squaredNorms:)``, once.
  ///
  /// - Parameters:
  ///   - factors: `[plan.parameterLayers, count]`, a factor for each layer and example.
  ///   - sums: one buffer a parameter, in the order of `Network.parameters`.
  public func addParameterGradients(
    scaledBy factors: UnsafePointer<Float>, to sums: [UnsafeMutablePointer<Float>]
  ) {
    addParameterGradients(scaledBy: factors, to: sums.map(GradientBuffer.sum))
  }

  /// The same, with factors where the buffer is for them.
  func addParameterGradients(
    scaledBy factors: UnsafePointer<Float>, to sums: [GradientBuffer]
  ) {
    precondition(plan.purpose == .exampleGradients, "the plan is for \(plan.purpose)")
    checkBuffers(sums)
    var layer = 0
    for (step, call) in zip(plan.steps, calls) where step.runsBackward && !step.parameters.isEmpty {
      plan.measuring(step).addKeptGradients(
        call, scaledBy: factors + layer * count, to: Array(sums[step.parameters]))
      layer += 1
    }
  }

  private func checkBuffers(_ sums: [GradientBuffer]) {
    let count = plan.steps.last { !$0.parameters.isEmpty }?.parameters.upperBound ?? 0
    precondition(sums.count == count, "\(sums.count) buffers for \(count) parameters")
  }

  private func runBackward(_ visit: (Plan.Step, Call) -> Void) {
    for run in plan.runs.reversed() {
      for turn in 0..<run.turns(count) {
        for index in run.steps.reversed() {
          let step = plan.steps[index]
          let call = run.call(index, turn)
          guard let scratch = step.backwardScratch else { continue }
          calls[call].scratch = memory + scratch.offset
          visit(step, calls[call])
          if step.inputGradients.contains(where: { $0 != nil }) {
            step.operation.backward(calls[call])
          }
          for (from, to, size) in step.additions {
            add(
              memory + from.offset + turn * from.stride, to: memory + to.offset + turn * to.stride,
              count: calls[call].count * size)
          }
        }
      }
    }
  }
}
