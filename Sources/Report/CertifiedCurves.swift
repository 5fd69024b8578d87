public import Evaluation
public import Robustness

/// Certified accuracy against the size, for every certifier asked, from the radii of the clean
/// images.
public struct CertifiedCurves: Sendable {
  private let certifiers: [(name: String, isSound: Bool)]
  private let norm: Norm
  private var count = 0
  /// By certifier: the radii around correctly classified images.
  private var radii: [[Double]]

  /// - Parameter norm: the one of the radii.
  public init(_ subject: SmoothedSubject, norm: Norm) {
    certifiers = subject.certification.certifiers.map {
      let information = type(of: $0).information
      return (information.name, information.isSound)
    }
    self.norm = norm
    radii = certifiers.map { _ in [] }
  }

  /// Takes the certificates of some examples.
  public mutating func add(_ chunk: ChunkOutcome) {
    for outcome in chunk.clean {
      count += 1
      for certifier in certifiers.indices {
        let issued = outcome.verdict.certificates.first {
          $0.certifier == certifier && $0.question.norm == norm
        }
        guard let issued, let radius = issued.radius, issued.label == outcome.label else {
          continue
        }
        radii[certifier].append(radius)
      }
    }
  }

  /// One falling line for each certifier; formulas that do not hold are broken lines.
  ///
  /// - Parameter title: what was evaluated.
  public func chart(title: String) -> LineChart {
    LineChart(
      title: title, xTitle: "size of the change (\(norm.rawValue))", yTitle: "certified accuracy",
      yRange: 0...1,
      series: zip(certifiers, radii).map { certifier, radii in
        LineChart.Series(
          name: certifier.isSound ? certifier.name : "\(certifier.name) UNSOUND",
          points: steps(radii), isDashed: !certifier.isSound)
      })
  }

  /// The share of examples whose radius is at least x, as the corners of a staircase.
  private func steps(_ radii: [Double]) -> [(x: Double, y: Double)] {
    let sorted = radii.filter(\.isFinite).sorted()
    let total = Double(max(count, 1))
    var points = [(x: 0.0, y: Double(radii.count) / total)]
    for (index, radius) in sorted.enumerated() {
      let after = Double(radii.count - index - 1) / total
      if let last = points.last, last.x == radius {
        points[points.count - 1].y = after
      } else {
        points.append((radius, points[points.count - 1].y))
        points.append((radius, after))
      }
    }
    return points
  }
}
