import Foundation

/// What is wrong with a message, in a sentence for whoever sent it.
struct InputError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A JSON value with its lists of numbers as arrays of numbers: the last part of decoding, which is not timed.
func decoded(_ value: Any) -> Any {
  if let fields = value as? [String: Any] { return fields.mapValues(decoded) }
  guard let list = value as? [Any] else { return value }
  var numbers: [Double] = []
  numbers.reserveCapacity(list.count)
  for element in list {
    guard let number = element as? Double else { return list.map(decoded) }
    numbers.append(number)
  }
  return numbers
}

/// The fields of a message's `input`, read one by one with their sizes checked.
struct Fields {
  private let values: [String: Any]

  init(_ input: Any) throws(InputError) {
    guard let values = input as? [String: Any] else { throw InputError("the input is no object with fields") }
    self.values = values
  }

  func number(_ name: String) throws(InputError) -> Double { try Self.number(value(name), name) }

  /// A number within `range`.
  func number(_ name: String, in range: ClosedRange<Double>) throws(InputError) -> Double {
    let value = try number(name)
    guard range.contains(value) else {
      throw InputError("\(name) is \(value), not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A whole number within bounds: of what a message asks for without sending it there can be too much. By default 16
  /// million, twice the largest that the suite has, so that 32 bits number the entries of ba's Jacobian.
  func count(_ name: String, atLeast least: Int = 1, atMost most: Int = 1 << 24) throws(InputError) -> Int {
    let value = try number(name)
    guard let count = Int(exactly: value), (least...most).contains(count) else {
      throw InputError("\(name) is \(value), not a whole number from \(least) to \(most)")
    }
    return count
  }

  /// Numbers, as many as `count` says, if it does; at least one.
  func vector(_ name: String, _ count: Int? = nil) throws(InputError) -> [Double] {
    let numbers = try Self.vector(value(name), name)
    guard numbers.count == count ?? max(numbers.count, 1) else {
      throw InputError("\(name) holds \(numbers.count) numbers, not \(count.map(String.init) ?? "one or more")")
    }
    return numbers
  }

  /// Rows of equally many numbers, one row after the other.
  func matrix(_ name: String, rows: Int? = nil, columns: Int? = nil) throws(InputError) -> Matrix {
    guard let lines = try value(name) as? [Any] else { throw InputError("\(name) is no list of rows") }
    guard lines.count == rows ?? max(lines.count, 1) else {
      throw InputError("\(name) has \(lines.count) rows, not \(rows.map(String.init) ?? "one or more")")
    }
    var elements: [Double] = []
    var width = columns
    for (row, line) in lines.enumerated() {
      let numbers = try Self.vector(line, "\(name)[\(row)]")
      guard numbers.count == width ?? numbers.count else {
        throw InputError("\(name)[\(row)] holds \(numbers.count) numbers, not \(width!)")
      }
      width = numbers.count
      elements += numbers
    }
    return Matrix(rows: lines.count, columns: width ?? 0, elements: elements)
  }

  private func value(_ name: String) throws(InputError) -> Any {
    guard let value = values[name] else { throw InputError("the input has no field \(name)") }
    return value
  }

  static func number(_ value: Any, _ name: String) throws(InputError) -> Double {
    guard let number = value as? Double else { throw InputError("\(name) is no number") }
    return number
  }

  private static func vector(_ value: Any, _ name: String) throws(InputError) -> [Double] {
    if let numbers = value as? [Double] { return numbers }
    guard let list = value as? [Any] else { throw InputError("\(name) is no list of numbers") }
    var numbers: [Double] = []
    numbers.reserveCapacity(list.count)
    for (position, element) in list.enumerated() {
      guard let number = element as? Double else { throw InputError("\(name)[\(position)] is no number") }
      numbers.append(number)
    }
    return numbers
  }
}

/// Numbers in rows and columns, row after row.
struct Matrix {
  let rows: Int, columns: Int
  let elements: [Double]

  /// Column after column, as rows.
  var transposed: Matrix {
    let turned = (0..<columns).flatMap { column in (0..<rows).map { row in elements[row * columns + column] } }
    return Matrix(rows: columns, columns: rows, elements: turned)
  }
}
