public import Adjoint
internal import DependencyScheduling

/// Rows of data in memory: named columns, each with a value of one shape a row.
///
/// ```swift
/// let digits = try Dataset([
///   "images": Dataset.Column(pixels, rowShape: [64]), "labels": Dataset.Column(labels),
/// ])
/// let (training, test) = try digits.split(holdingOut: 0.2, seed: 1)
/// ```
/// ``feed(_:rows:)`` writes the columns into the inputs of their names, so that `feed: training.feed` feeds a trainer.
/// Columns are shared by copies of a data set, which are values.
public struct Dataset: Sendable {
  /// A value for each row.
  public struct Column: Sendable {
    /// The shape of one row's value; `[]` for a scalar.
    public let rowShape: Shape
    public let elementType: ElementType
    let bytes: [UInt8]
    let elementCount: Int

    var rowBytes: Int { rowShape.elementCount * elementType.byteCount }

    /// - Parameters:
    ///   - values: row by row, each in row-major order.
    ///   - rowShape: the shape of one row's value.
    public init<Scalar: GraphScalar>(_ values: [Scalar], rowShape: Shape = []) {
      self.rowShape = rowShape
      elementType = Scalar.elementType
      elementCount = values.count
      bytes = values.withUnsafeBytes { Array($0) }
    }

    /// An array of NumPy's, whose first axis is that of the rows.
    ///
    /// - Throws: ``StateFileError/malformed(path:reason:)`` for an element that is not a number of that type.
    public init<Scalar: GraphScalar>(
      _ array: NumPyArray, as _: Scalar.Type = Scalar.self
    ) throws(StateFileError) {
      self.init(try array.elements(as: Scalar.self), rowShape: Shape(Array(array.dimensions.dropFirst())))
    }

    fileprivate init(bytes: [UInt8], elementCount: Int, like column: Column) {
      (rowShape, elementType) = (column.rowShape, column.elementType)
      (self.bytes, self.elementCount) = (bytes, elementCount)
    }

    /// The elements of all rows.
    ///
    /// - Throws: ``DataError`` for another type.
    public func elements<Scalar: GraphScalar>(as _: Scalar.Type = Scalar.self) throws(DataError) -> [Scalar] {
      guard Scalar.elementType == elementType else {
        throw DataError("a column of \(elementType) was read as \(Scalar.elementType)")
      }
      return bytes.withUnsafeBytes { Array($0.bindMemory(to: Scalar.self)) }
    }

    fileprivate func selecting(_ rows: some Collection<Int>) -> Column {
      var selected: [UInt8] = []
      selected.reserveCapacity(rows.count * rowBytes)
      for row in rows { selected += bytes[row * rowBytes..<(row + 1) * rowBytes] }
      return Column(bytes: selected, elementCount: rows.count * rowShape.elementCount, like: self)
    }
  }

  /// The number of rows.
  public let count: Int
  private let columnsByName: [String: Column]

  /// - Parameter columns: all of one number of rows, at least one column.
  /// - Throws: ``DataError``, which names the columns that do not fit.
  public init(_ columns: [String: Column]) throws(DataError) {
    var counts: [(name: String, rows: Int)] = []
    for (name, column) in columns.sorted(by: { $0.key < $1.key }) {
      let size = column.rowShape.elementCount
      guard size > 0, column.elementCount.isMultiple(of: size) else {
        throw DataError(
          "the column \(name) has \(column.elementCount) elements, which are not rows of shape \(column.rowShape)")
      }
      counts.append((name, column.elementCount / size))
    }
    guard let first = counts.first else { throw DataError("a data set has at least one column") }
    guard counts.allSatisfy({ $0.rows == first.rows }) else {
      throw DataError(
        "columns have one number of rows, and these have others: "
          + counts.map { "\($0.name) \($0.rows)" }.joined(separator: ", "))
    }
    count = first.rows
    columnsByName = columns
  }

  private init(count: Int, _ columns: [String: Column]) { (self.count, columnsByName) = (count, columns) }

  /// The names of the columns, sorted.
  public var names: [String] { columnsByName.keys.sorted() }

  /// The column of a name; `nil` if there is none.
  public subscript(name: String) -> Column? { columnsByName[name] }

  // MARK: other data sets

  /// The rows at `rows`, in that order; one may come more than once.
  ///
  /// - Precondition: rows that there are.
  /// - Complexity: O(bytes of the result).
  public func selecting(_ rows: some Collection<Int>) -> Dataset {
    for row in rows { demand((0..<count).contains(row), "Row \(row) is not one of 0..<\(count)") }
    return Dataset(count: rows.count, columnsByName.mapValues { $0.selecting(rows) })
  }

  /// All rows in two parts, which a seed decides: those to train on, and those held out, each in a new order.
  ///
  /// - Parameters:
  ///   - share: of the rows that are held out, above 0 and below 1; each part has at least one row.
  ///   - seed: decides which.
  /// - Throws: ``DataError``.
  public func split(holdingOut share: Double, seed: UInt64) throws(DataError) -> (training: Dataset, test: Dataset) {
    guard share > 0, share < 1 else { throw DataError("the share held out is above 0 and below 1, got \(share)") }
    guard count >= 2 else { throw DataError("\(count) rows cannot be split in two parts") }
    let held = min(count - 1, max(1, Int((Double(count) * share).rounded())))
    var generator = SeededGenerator(seed: seed)
    let order = generator.permutation(of: count)
    return (selecting(order[held...]), selecting(order[..<held]))
  }

  /// This one with the column `name` as `change` makes it of what it is.
  ///
  /// - Throws: ``DataError`` for a name that there is not, or a column that does not fit; and what `change` throws.
  public func replacing(_ name: String, by change: (Column) throws -> Column) throws -> Dataset {
    var columns = columnsByName
    columns[name] = try change(column(name))
    return try Dataset(columns)
  }

  // MARK: training and evaluating

  /// The rows in batches, for a ``Trainer``.
  ///
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public func batches(
    of size: Int, seed: UInt64, isShuffled: Bool = true, keepsShortBatch: Bool = false
  ) throws(TrainingError) -> Batches {
    try Batches(
      rowCount: count, batchSize: size, seed: seed, isShuffled: isShuffled, keepsShortBatch: keepsShortBatch)
  }

  /// Writes rows of the columns into the inputs of the same names; columns that no input is named after are left out.
  ///
  /// - Throws: ``DataError`` if no column has an input, or an input's shape is not that of so many rows; what the
  ///   session throws for another type.
  public func feed(_ session: Session, rows: ArraySlice<Int>) throws {
    let graph = session.program.graph
    var fed = 0
    for (name, column) in columnsByName {
      guard let input = graph.node(named: name) else { continue }
      let wanted = Shape([rows.count] + column.rowShape.dimensions)
      guard input.shape == wanted else {
        throw DataError(
          "\(rows.count) rows of the column \(name) have shape \(wanted), and the input made at \(input.location) has "
            + "\(input.shape)")
      }
      try column.write(rows, to: input, of: session)
      fed += 1
    }
    if fed == 0 {
      throw DataError("no input of the graph is named as a column: \(names.joined(separator: ", "))")
    }
  }

  /// Writes all rows.
  ///
  /// - Throws: as ``feed(_:rows:)``.
  public func feed(_ session: Session) throws { try feed(session, rows: Array(0..<count)[...]) }

  func column(_ name: String) throws(DataError) -> Column {
    guard let column = columnsByName[name] else {
      throw DataError("there is no column \(name), but \(names.joined(separator: ", "))")
    }
    return column
  }
}

extension Dataset.Column {
  fileprivate func write(_ rows: ArraySlice<Int>, to input: Node, of session: Session) throws {
    func write<Scalar: GraphScalar>(_: Scalar.Type) throws {
      let size = rowShape.elementCount
      try session.withMutableValues(of: input, as: Scalar.self) { target in
        bytes.withUnsafeBytes { bytes in
          let source = bytes.bindMemory(to: Scalar.self)
          var place = 0
          for row in rows {
            for element in row * size..<(row + 1) * size {
              target[place] = source[element]
              place += 1
            }
          }
        }
      }
    }
    switch elementType {
    case .float64: try write(Double.self)
    case .int32: try write(Int32.self)
    case .int64: try write(Int64.self)
    case .bool: try write(Bool.self)
    case .bfloat16: try write(BFloat16.self)
    #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
      case .float16: try write(Float16.self)
    #endif
    default: try write(Float.self)
    }
  }
}

extension Dataset {
  /// A column of class labels.
  func labels(_ name: String) throws(DataError) -> [Int] {
    let column = try column(name)
    guard column.rowShape == [] else { throw DataError("the column \(name) of \(column.rowShape) a row has no labels") }
    switch column.elementType {
    case .int32: return try column.elements(as: Int32.self).map(Int.init)
    case .int64: return try column.elements(as: Int64.self).map(Int.init)
    default: throw DataError("the column \(name) of \(column.elementType) has no labels: they are int32 or int64")
    }
  }
}

/// What is wrong with data, in words: names of columns and files, lines and fields.
public struct DataError: Error, Hashable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
