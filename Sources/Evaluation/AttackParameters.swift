internal import Foundation
public import Robustness

extension Attack {
  /// The stored properties by name, as they are encoded.
  ///
  /// - Throws: `EncodingError` for a value JSON cannot hold, such as an infinite one.
  public func parameterValues() throws -> [String: ParameterValue] {
    let data = try JSONEncoder().encode(self)
    return try JSONDecoder().decode([String: ParameterValue].self, from: data)
  }
}
