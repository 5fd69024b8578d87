public import NeuralNetworks

/// How the part of a network in front of noise moves with the input: the matrix M of the affine map
/// g that takes an input to the values that noise is added to, `g(x) - g(x') = M (x - x')`.
///
/// It is the map of the layers' definitions (``Layer/evaluate(_:)``) in exact arithmetic. M itself
/// is kept in double precision with a bound on what roundings can have done to it, so that
/// ``Sensitivity`` can round its answers up.
public struct LinearMap: Sendable, Equatable {
  /// The shape of the values behind the map, of one example.
  public let shape: [Int]
  /// `[rowCount, inputCount]`, up to roundings.
  package private(set) var matrix: SparseMatrix
  /// For each entry the sum of the absolute values of the products that it is the sum of; nil where
  /// that is the entry's own absolute value.
  package private(set) var magnitudes: [Double]?
  /// How many roundings an entry can have seen, at most.
  package private(set) var roundings: Int

  /// How many numbers an input has.
  public var inputCount: Int { matrix.columnCount }
  /// How many values noise is added to.
  public var rowCount: Int { matrix.rowCount }
  /// How many pairs of an input and a value are connected.
  public var connectionCount: Int { matrix.count }

  /// The map from a network's input to its value number `value` (0 is the input itself).
  ///
  /// - Throws: ``CertificationError/unsupportedLayer(node:kind:)`` for the first layer on the way
  ///   that is not affine; ``CertificationError/noise(problem:)`` where the matrix would have more
  ///   than 2^27 entries.
  public init(
    prefixOf network: Network, upTo value: Int
  ) throws(CertificationError) {
    precondition(value >= 0 && value < network.shapes.count, "value \(value)")
    var needed = Set([value])
    for index in network.nodes.indices.prefix(value).reversed() where needed.contains(index + 1) {
      needed.formUnion(network.nodes[index].inputs)
    }
    var maps: [Int: LinearMap] = [0: LinearMap(identity: network.inputShape)]
    var constants: [Int: ReferenceTensor] = [:]
    for (index, node) in network.nodes.prefix(value).enumerated() where needed.contains(index + 1) {
      let inputs = node.inputs.compactMap { constants[$0] }
      if inputs.count == node.inputs.count {
        constants[index + 1] = node.layer.evaluate(inputs)
        continue
      }
      let operands = node.inputs.map {
        LinearOperand(shape: network.shapes[$0], constant: constants[$0]?.values)
      }
      do throws(LinearProblem) {
        guard let rule = node.layer as? any LinearRule else { throw .notAffine }
        let shape = network.shapes[index + 1]
        let parts = try rule.parts(of: operands, result: shape)
        maps[index + 1] = try LinearMap(
          sum: zip(parts, node.inputs).compactMap { part, input in
            guard let part, let map = maps[input] else { return nil }
            return (part, map)
          }, shape: shape)
      } catch {
        switch error {
        case .notAffine:
          throw .unsupportedLayer(node: node.name, kind: type(of: node.layer).kind)
        case .tooLarge:
          throw .noise(
            problem: "noise stands too far behind node '\(node.name)': its values depend on the "
              + "input in more than \(SparseMatrix.limit) ways")
        }
      }
    }
    if let map = maps[value] {
      self = map
    } else {
      // The values are the same for every input.
      let shape = network.shapes[value]
      self.init(
        shape: shape,
        matrix: SparseMatrix(
          gathering: [Int?](repeating: nil, count: shape.reduce(1, *)),
          of: network.inputShape.reduce(1, *)))
    }
  }

  /// The map that does nothing: noise in the input.
  public init(identity shape: [Int]) {
    self.init(shape: shape, matrix: SparseMatrix(identity: shape.reduce(1, *)))
  }

  /// The map of a matrix that is exact as it is.
  package init(shape: [Int], matrix: SparseMatrix) {
    precondition(shape.reduce(1, *) == matrix.rowCount, "\(matrix.rowCount) rows for \(shape)")
    self.shape = shape
    self.matrix = matrix
    magnitudes = nil
    roundings = 0
  }

  /// The sum of the maps, each followed by a matrix.
  private init(
    sum terms: [(part: SparseMatrix, map: LinearMap)], shape: [Int]
  ) throws(LinearProblem) {
    self.shape = shape
    let rowCount = terms[0].part.rowCount
    let roundings = terms.reduce(0) { $0 + $1.part.longestRow + 3 }
    self.roundings = roundings + terms.reduce(0) { max($0, $1.map.roundings) }
    let (part, map) = terms[0]
    if terms.count == 1, map.isIdentity {
      (matrix, magnitudes) = (part, nil)
      return
    }
    let columnCount = map.inputCount
    var result = SparseMatrix.Builder(columnCount: columnCount, capacity: map.matrix.count)
    var magnitudes: [Double] = []
    var cancels = false
    var value = [Double](repeating: 0, count: columnCount)
    var magnitude = value
    var isTouched = [Bool](repeating: false, count: columnCount)
    var touched: [Int] = []
    for row in 0..<rowCount {
      for (part, map) in terms {
        for entry in part.starts[row]..<part.starts[row + 1] {
          let factor = part.values[entry]
          let source = Int(part.columns[entry])
          for inner in map.matrix.starts[source]..<map.matrix.starts[source + 1] {
            let column = Int(map.matrix.columns[inner])
            if !isTouched[column] {
              isTouched[column] = true
              touched.append(column)
            }
            let term = map.matrix.values[inner]
            value[column] += factor * term
            magnitude[column] += abs(factor) * (map.magnitudes?[inner] ?? abs(term))
          }
        }
      }
      for column in touched {
        result.add(value[column], at: column)
        if magnitudes.count < SparseMatrix.limit { magnitudes.append(magnitude[column]) }
        if !(abs(value[column]) >= magnitude[column] * (1 - 0x1p-40)) { cancels = true }
        (value[column], magnitude[column], isTouched[column]) = (0, 0, false)
      }
      touched.removeAll(keepingCapacity: true)
      result.endRow()
    }
    matrix = try result.finished()
    self.magnitudes = cancels ? magnitudes : nil
  }

  private var isIdentity: Bool { matrix == SparseMatrix(identity: matrix.columnCount) }
}

extension LinearMap {
  /// Row k divided by `sqrt(K r_k)`: how the values move in units of their noise.
  package func whitened(by redistribution: [Double]?) -> LinearMap {
    guard let redistribution else { return self }
    let divisors = redistribution.map { (Double(rowCount) * $0).squareRoot() }
    var result = self
    result.matrix = matrix.dividingRows(by: divisors)
    result.magnitudes = magnitudes.map {
      matrix.with($0).dividingRows(by: divisors).values
    }
    result.roundings += 4
    return result
  }

  /// The map to consecutive values alone.
  package func rows(_ range: Range<Int>, shape: [Int]) -> LinearMap {
    var result = LinearMap(shape: shape, matrix: matrix.rows(range))
    result.magnitudes = magnitudes.map { matrix.with($0).rows(range).values }
    result.roundings = roundings
    return result
  }

  /// No exact entry differs from the kept one by more than this times its magnitude.
  ///
  /// Each entry is a sum of products of a layer's coefficients; with m roundings on the way, the
  /// error is at most `m u / (1 - m u)` times the sum of absolute values (N. J. Higham, "Accuracy
  /// and Stability of Numerical Algorithms", 2002, section 3.1). Twice that also covers the
  /// roundings of the magnitudes.
  package var relativeError: Double { 2 * Rounding.gamma(roundings) }
}
