import NeuralNetworks
import Tensors
import TestSupport
import Testing

@Suite struct OptimizerTests {
  /// The weights after each of `gradients`, from [1, -2] as a weight (two axes).
  private func run(
    _ optimizer: Optimizer, _ gradients: [[Float]], rate: Float, shape: [Int] = [1, 2]
  ) -> [[Float]] {
    var parameters = [Tensor(shape: shape, values: [1, -2])]
    var state = optimizer.initialState(for: parameters)
    return gradients.map { gradient in
      gradient.withUnsafeBufferPointer {
        guard let base = $0.baseAddress else { return }
        optimizer.update(&parameters, gradients: [base], rate: rate, state: &state)
      }
      return parameters[0].values
    }
  }

  /// 100 000 numbers are several pieces, the last of them not whole.
  @Test(arguments: [
    Optimizer.sgd(momentum: 0), .sgd(momentum: 0.9, weightDecay: 0.1), .adam(weightDecay: 0.1),
  ])
  func theResultDoesNotDependOnThreads(optimizer: Optimizer) {
    let shapes = [[1000, 100], [7]]
    let gradients = shapes.enumerated().map { randomTensor($1, draw: $0).values }
    let buffers = gradients.map { AlignedBuffer($0) }
    func run(_ threads: Int) -> (parameters: [Tensor], state: Optimizer.State) {
      var parameters = shapes.enumerated().map { randomTensor($1, draw: 2 + $0) }
      var state = optimizer.initialState(for: parameters)
      for _ in 0..<2 {
        optimizer.update(
          &parameters, gradients: buffers.map { UnsafePointer($0.pointer) }, rate: 0.1,
          state: &state, threads: threads)
      }
      return (parameters, state)
    }
    let (one, many) = (run(1), run(3))
    #expect(one.parameters == many.parameters)
    #expect(one.state == many.state)
    // Every number has moved.
    for (index, parameter) in one.parameters.enumerated() {
      let before = randomTensor(shapes[index], draw: 2 + index)
      #expect(zip(parameter.values, before.values).allSatisfy { $0 != $1 })
    }
  }

  @Test func sgdWithMomentumFollowsTheHandComputedSteps() {
    // v = 0.5, 1: w = 1 - 0.1 * 0.5, -2 - 0.1 * 1; then v = 0.9 * v + g.
    let steps = run(.sgd(momentum: 0.9), [[0.5, 1], [1, 0]], rate: 0.1)
    expectClose(steps[0], [0.95, -2.1], .rounding)
    expectClose(steps[1], [0.95 - 0.145, -2.1 - 0.09], .rounding)
  }

  @Test func nesterovLooksAhead() {
    // v = g at first: the step is g + 0.9 v = 1.9 g.
    let steps = run(.sgd(momentum: 0.9, nesterov: true), [[0.5, 1]], rate: 0.1)
    expectClose(steps[0], [1 - 0.095, -2 - 0.19], .rounding)
  }

  @Test func adamsFirstStepIsTheRateAndItsSecondFollowsTheMoments() {
    // t = 1: m / (1 - b1) = g and sqrt(v / (1 - b2)) = |g|.
    // t = 2, g = 1 then 3: m = 0.39, v = 0.009999; m' = 0.39 / 0.19, v' = 0.009999 / 0.001999.
    let steps = run(.adam(), [[1, -4], [3, -4]], rate: 0.01)
    expectClose(steps[0], [0.99, -1.99], .rounding)
    let second = 0.01 * (0.39 / 0.19) / (0.009999 / 0.001999).squareRoot()
    expectClose(steps[1], [0.99 - second, -1.98], .accumulation)
  }

  @Test func coupledDecayJoinsTheGradientAndDecoupledShrinksTheWeight() {
    expectClose(
      run(.sgd(momentum: 0, weightDecay: 0.5), [[1, 1]], rate: 0.1)[0],
      [1 - 0.1 * 1.5, -2 - 0.1 * 0], .rounding)
    expectClose(
      run(.adam(weightDecay: 0.5), [[1, 1]], rate: 0.1)[0],
      [1 * 0.95 - 0.1, -2 * 0.95 - 0.1], .rounding)
  }

  @Test func biasesDoNotDecay() {
    let decaying = run(.sgd(weightDecay: 0.5), [[1, 1]], rate: 0.1, shape: [2])
    #expect(decaying == run(.sgd(), [[1, 1]], rate: 0.1, shape: [2]))
  }

  @Test func learningRatesFollowTheirSchedules() {
    let step = LearningRate(0.8, schedule: .step(every: 2, factor: 0.5))
    #expect(
      (0..<6).map { step.rate(at: $0 * 10, of: 60, stepsPerEpoch: 10) } == [
        0.8, 0.8, 0.4, 0.4, 0.2, 0.2,
      ])
    let cosine = LearningRate(1, schedule: .cosine, warmUp: 4)
    #expect(
      (0..<4).map { cosine.rate(at: $0, of: 104, stepsPerEpoch: 10) } == [0.25, 0.5, 0.75, 1])
    expectClose(Double(cosine.rate(at: 4, of: 104, stepsPerEpoch: 10)), 1, .rounding)
    expectClose(Double(cosine.rate(at: 54, of: 104, stepsPerEpoch: 10)), 0.5, .rounding)
  }
}
