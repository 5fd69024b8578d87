public import ArgumentParser
public import Gauntlet

extension Norm: ExpressibleByArgument {}
extension SmoothingOptions.Estimate: ExpressibleByArgument {}
extension LabelSource: ExpressibleByArgument {}
extension Layout: ExpressibleByArgument {}
extension AttackTask.Choice: ExpressibleByArgument {}

extension Targeting: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }

  public var defaultValueDescription: String { name }
}

/// Numbers separated by commas, such as `--mean 0.49,0.48,0.45`.
struct NumberList: ExpressibleByArgument {
  var values: [Float]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    values = parts.compactMap { Float($0.trimmingPrefix(while: \.isWhitespace)) }
    guard values.count == parts.count, values.allSatisfy(\.isFinite) else { return nil }
  }
}

/// Bits of a sample of a PNG file.
enum PNGDepth: Int, ExpressibleByArgument, CaseIterable {
  case eight = 8
  case sixteen = 16
}
