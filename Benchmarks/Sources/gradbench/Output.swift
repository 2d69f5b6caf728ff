import Foundation

/// A value of an answer.
enum Output {
  case number(Double)
  case integer(Int)
  case integers([Int])
  case vector([Double])
  /// Numbers row after row, so many to a row.
  case rows([Double], columns: Int)
  case fields([(name: String, value: Output)])

  /// Writes this as JSON: each number with the fewest digits that read back to the same bits.
  ///
  /// - Throws: for an infinity or a NaN, which JSON has no word for.
  func write(to json: inout JSONText) throws(InputError) {
    switch self {
    case .number(let value): try json.append(value)
    case .integer(let value): json.append(value)
    case .integers(let values):
      try json.appendList(values.indices) { (json, i) throws(InputError) in json.append(values[i]) }
    case .vector(let values): try json.append(values[...])
    case .rows(let values, let columns):
      try json.appendList(0..<values.count / columns) { (json, row) throws(InputError) in
        try json.append(values[row * columns..<(row + 1) * columns])
      }
    case .fields(let fields):
      var separator = "{"
      for field in fields {
        json.append(separator)
        json.append(quoted: field.name)
        json.append(":")
        try field.value.write(to: &json)
        separator = ","
      }
      json.append("}")
    }
  }
}

/// JSON as it is written: bytes that grow.
struct JSONText {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
  mutating func append(_ value: Int) { append(value.description) }

  mutating func append(_ value: Double) throws(InputError) {
    guard value.isFinite else { throw InputError("the output holds \(value), which JSON cannot say") }
    append(value.description)
  }

  mutating func append(_ values: ArraySlice<Double>) throws(InputError) {
    try appendList(values.indices) { (json, i) throws(InputError) in try json.append(values[i]) }
  }

  mutating func appendList<Positions: Collection>(
    _ positions: Positions, _ element: (inout JSONText, Positions.Element) throws(InputError) -> Void
  ) throws(InputError) {
    append("[")
    var isFirst = true
    for position in positions {
      if !isFirst { append(",") }
      isFirst = false
      try element(&self, position)
    }
    append("]")
  }

  /// A string between quotation marks.
  mutating func append(quoted text: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    bytes.append(contentsOf: try! encoder.encode(text))  // any string can be encoded
  }
}
