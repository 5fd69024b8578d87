internal import Foundation

/// A share as a percentage with one digit after the point: `97.3 %`.
func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

/// An interval of shares: `96.2-98.1`.
func percent(_ interval: ClosedRange<Double>) -> String {
  String(format: "%.1f-%.1f", interval.lowerBound * 100, interval.upperBound * 100)
}

/// A number in four significant digits.
public func short(_ value: Double) -> String { String(format: "%.4g", value) }

/// Seconds as people say them: `0.42 s`, `71 s`, `12 min`, `3.4 h`.
public func duration(_ seconds: Double) -> String {
  switch seconds {
  case ..<10: String(format: "%.2g s", max(seconds, 0.01))
  case ..<120: String(format: "%.0f s", seconds)
  case ..<7200: String(format: "%.0f min", seconds / 60)
  default: String(format: "%.1f h", seconds / 3600)
  }
}

/// A size with the number it stands for where it was written as a fraction: `8/255 (0.03137)`.
func size(_ value: Double, _ text: String) -> String {
  text.contains("/") ? "\(text) (\(short(value)))" : text
}

/// A count with its thousands apart: `1 234 567`.
public func grouped(_ count: Int) -> String {
  let digits = String(count.magnitude)
  var result = ""
  for (position, digit) in digits.enumerated() {
    if position > 0, (digits.count - position).isMultiple(of: 3) { result.append("\u{202f}") }
    result.append(digit)
  }
  return (count < 0 ? "-" : "") + result
}
