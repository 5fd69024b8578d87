internal import Foundation
internal import NeuralNetworks
internal import Privacy
public import Robustness

/// The certificate that the published code of Secure-SGD computes.
///
/// It searches, as PixelDP's code does, for the budget that the votes allow, relative to the budget
/// the noise was made for, and multiplies by the attack size that is asked about:
///
///     radius = attackSize * max over delta of
///       (epsilon(delta) / epsilon_r) (c(delta_r) / c(delta)) / (L c(multiplierDelta) / epsilon_r),
///     c(delta) = sqrt(2 ln(1.25 / delta)),
///
/// with delta in steps of 0.001 up to 0.3 and epsilon up to `epsilon_r`, L the size of the
/// construction. It does not hold: whether the radius exceeds the attack size does not depend on
/// the attack size, and neither the sensitivity nor the noise that was added enters.
public struct PublishedSecureSGDCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "as-published:secure-sgd",
    summary:
      "The radius of Secure-SGD's published code, in which the attack size cancels: does not "
      + "hold.",
    reference:
      "Phan et al., Heterogeneous Gaussian Mechanism, 2019: repository haiphanNJIT/SecureSGD",
    families: [.gaussian], isSound: false,
    parameters: ["multiplierDelta": "the delta in the multiplier of the noise"])

  /// In (0, 1).
  public var multiplierDelta = 0.05

  public init() {}

  public func validate() throws(CertifierError) {
    guard multiplierDelta > 0 && multiplierDelta < 1 else {
      throw .parameter(
        name: "multiplierDelta", problem: "is to be in (0, 1), not \(multiplierDelta)")
    }
  }

  public func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    guard let attackSize = evidence.attackSize else {
      throw .notCovered(problem: "needs the attack size, of which its radius is a multiple")
    }
    let calibration = evidence.releases.first {
      $0.family == .gaussian && ($0.calibration?.delta ?? 0) > 0
    }?.calibration
    guard let calibration else {
      throw .notCovered(
        problem: "needs gaussian noise that was calibrated to a budget, and there is none")
    }
    guard evidence.isDecided else { return nil }
    func constant(_ delta: Double) -> Double { (2 * log(1.25 / delta)).squareRoot() }
    let multiplier =
      calibration.attackSize * constant(multiplierDelta) / calibration.epsilon
    let best = (1...300).compactMap { step -> Double? in
      let delta = Double(step) / 1000
      return BudgetSearch.epsilon(evidence.bounds, delta: delta).map {
        min($0, calibration.epsilon) / calibration.epsilon * constant(calibration.delta)
          / constant(delta)
      }
    }.max()
    return best.map { attackSize * $0 / multiplier }
  }
}
