public import Adjoint
internal import struct Foundation.Data
internal import struct Foundation.URL

extension Dataset {
  /// Which fields of a line of a CSV file make a column, as numbers of what type.
  public struct Fields: Sendable {
    let fields: Range<Int>
    let rowShape: Shape
    let elementType: ElementType
    let scale: Double

    /// - Parameters:
    ///   - fields: those of a line, counted from 0.
    ///   - rowShape: their shape; if left out, `[fields.count]`.
    ///   - elementType: float32 or float64.
    ///   - scale: what each number is multiplied by.
    public static func numbers(
      _ fields: Range<Int>, rowShape: Shape? = nil, as elementType: ElementType = .float32, scale: Double = 1
    ) -> Fields {
      Fields(fields: fields, rowShape: rowShape ?? [fields.count], elementType: elementType, scale: scale)
    }

    /// One field, a class label or another integer, as int32.
    public static func label(_ field: Int) -> Fields {
      Fields(fields: field..<field + 1, rowShape: [], elementType: .int32, scale: 1)
    }
  }

  /// The rows of a CSV file: a line each, whose fields are numbers.
  ///
  /// ```swift
  /// let digits = try Dataset(
  ///   csv: path, columns: ["images": .numbers(0..<64, scale: 1 / 16), "labels": .label(64)])
  /// ```
  /// Fields are parted by commas, and may be quoted. Empty lines are left out, and a first line of which no field is a
  /// number, the names of the columns.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - columns: what fields make which column.
  /// - Throws: ``DataError`` for a file that cannot be read, and for a line whose fields are too few or not such
  ///   numbers: it names file, line and field.
  public init(csv path: String, columns: [String: Fields]) throws(DataError) {
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw DataError("\(path) cannot be read: \(error.localizedDescription)")
    }
    try self.init(csv: data, called: path, columns: columns)
  }

  /// The same, of what a file would hold.
  public init(csv data: [UInt8], columns: [String: Fields]) throws(DataError) {
    try self.init(csv: data, called: "the data", columns: columns)
  }

  private init(
    csv data: some Sequence<UInt8>, called name: String, columns: [String: Fields]
  ) throws(DataError) {
    var values = columns.mapValues { _ in [Double]() }
    for (column, fields) in columns {
      guard fields.fields.lowerBound >= 0, fields.rowShape.elementCount == fields.fields.count else {
        throw DataError("the column \(column) of fields \(fields.fields) cannot have shape \(fields.rowShape)")
      }
    }
    var reader = CSVLines(data), isFirst = true
    while let line = try reader.next(of: name) {
      defer { isFirst = false }
      if isFirst, line.fields.allSatisfy({ Double($0) == nil }) { continue }
      for (column, wanted) in columns {
        guard line.fields.count >= wanted.fields.upperBound else {
          throw DataError(
            "\(name), line \(line.number): \(line.fields.count) fields, and the column \(column) is made of fields "
              + "\(wanted.fields.lowerBound) to \(wanted.fields.upperBound - 1), counted from 0")
        }
        for field in wanted.fields {
          guard let number = wanted.number(line.fields[field]) else {
            throw DataError(
              "\(name), line \(line.number): field \(field), '\(line.fields[field].prefix(40))', is not a number of "
                + "\(wanted.elementType)")
          }
          values[column]!.append(number)
        }
      }
    }
    var made: [String: Column] = [:]
    for (column, fields) in columns { made[column] = fields.column(of: values[column]!) }
    try self.init(made)
  }
}

extension Dataset.Fields {
  fileprivate func number(_ text: String) -> Double? {
    guard let number = Double(text), number.isFinite else { return nil }
    if elementType == .int32, Int32(exactly: number) == nil { return nil }
    return number
  }

  fileprivate func column(of numbers: [Double]) -> Dataset.Column {
    switch elementType {
    case .int32: Dataset.Column(numbers.map { Int32($0) }, rowShape: rowShape)
    case .float64: Dataset.Column(numbers.map { $0 * scale }, rowShape: rowShape)
    default: Dataset.Column(numbers.map { Float($0 * scale) }, rowShape: rowShape)
    }
  }
}

/// The lines of a CSV file (RFC 4180), one after the other.
private struct CSVLines {
  private var bytes: [UInt8]
  private var place = 0
  private var number = 0

  struct Line {
    let number: Int
    let fields: [String]
  }

  init(_ bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
    // A byte-order mark.
    if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
  }

  /// The next line that is not empty.
  mutating func next(of name: String) throws(DataError) -> Line? {
    while place < bytes.count {
      number += 1
      let first = number
      var fields: [String] = [], field: [UInt8] = [], isQuoted = false, wasQuoted = false
      scan: while place < bytes.count {
        let byte = bytes[place]
        place += 1
        if isQuoted {
          if byte == UInt8(ascii: "\n") { number += 1 }
          if byte != UInt8(ascii: "\"") {
            field.append(byte)
          } else if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
            field.append(byte)
            place += 1
          } else {
            isQuoted = false
          }
          continue
        }
        switch byte {
        case UInt8(ascii: "\n"): break scan
        case UInt8(ascii: "\r"): break
        case UInt8(ascii: ","):
          fields.append(Self.text(field))
          (field, wasQuoted) = ([], false)
        case UInt8(ascii: "\"") where field.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
        default: field.append(byte)
        }
      }
      if isQuoted { throw DataError("\(name), line \(first): a quotation mark is not closed") }
      if fields.isEmpty && field.isEmpty && !wasQuoted { continue }
      return Line(number: first, fields: fields + [Self.text(field)])
    }
    return nil
  }

  private static func text(_ bytes: [UInt8]) -> String {
    let trimmed = bytes.drop { $0 == UInt8(ascii: " ") }
    return String(decoding: trimmed.reversed().drop { $0 == UInt8(ascii: " ") }.reversed(), as: UTF8.self)
  }
}
