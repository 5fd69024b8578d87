/// Rows of text in columns as wide as their widest cell.
struct TextTable {
  /// Where the text of a column stands.
  enum Alignment { case left, right }

  private let alignments: [Alignment]
  private var rows: [[String]]

  init(_ columns: [(title: String, alignment: Alignment)]) {
    alignments = columns.map(\.alignment)
    rows = [columns.map(\.title)]
  }

  mutating func append(_ row: [String]) {
    precondition(row.count == alignments.count, "\(row.count) cells in \(alignments.count) columns")
    rows.append(row)
  }

  /// The lines, titles first; a column without any content below its title is left out.
  var lines: [String] {
    let shown = alignments.indices.filter { column in
      rows.count == 1 || rows.dropFirst().contains { !$0[column].isEmpty }
    }
    let widths = shown.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(shown, widths).map { column, width in
        let space = String(repeating: " ", count: width - row[column].count)
        return alignments[column] == .left ? row[column] + space : space + row[column]
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
