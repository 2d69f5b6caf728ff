import Adjoint
import AdjointTraining
import DependencyScheduling
import Foundation
import Testing

/// Rows in memory: selected, split, fed by name, read from files, or an error that says what does not fit.
@Suite(.timeLimit(.minutes(20))) struct DatasetTests {
  private static func numbered(_ count: Int) throws -> Dataset {
    try Dataset([
      "x": Dataset.Column((0..<count * 2).map { Float($0) }, rowShape: [2]),
      "y": Dataset.Column((0..<count).map { Int32($0 % 3) }),
    ])
  }

  private func text(_ body: () throws -> Any) -> String {
    do { return "\(try body())" } catch { return "\(error)" }
  }

  @Test func `rows keep together, whatever is selected`() throws {
    let data = try Self.numbered(7)
    #expect(data.count == 7 && data.names == ["x", "y"])
    let some = data.selecting([6, 0, 6])
    #expect(try some["x"]!.elements(as: Float.self) == [12, 13, 0, 1, 12, 13])
    #expect(try some["y"]!.elements(as: Int32.self) == [0, 0, 0])
    #expect(data.selecting(0..<0).count == 0)
  }

  @Test(arguments: [0.2, 0.5, 0.01, 0.99])
  func `a split has each row once, as the seed decides`(share: Double) throws {
    let data = try Self.numbered(50)
    let (training, test) = try data.split(holdingOut: share, seed: 3)
    let firsts = try (training["x"]!.elements(as: Float.self) + test["x"]!.elements(as: Float.self))
      .enumerated().filter { $0.offset.isMultiple(of: 2) }.map { Int($0.element) / 2 }
    #expect(firsts.sorted() == Array(0..<50) && firsts != Array(0..<50))
    #expect(test.count == min(49, max(1, Int((50 * share).rounded()))) && training.count == 50 - test.count)
    let again = try data.split(holdingOut: share, seed: 3).test, other = try data.split(holdingOut: share, seed: 4).test
    #expect(try again["x"]!.elements(as: Float.self) == test["x"]!.elements(as: Float.self))
    #expect(try other["x"]!.elements(as: Float.self) != test["x"]!.elements(as: Float.self))
  }

  @Test func `what does not fit is an error with names and shapes`() throws {
    #expect(text { try Dataset([:]) } == "a data set has at least one column")
    #expect(
      text { try Dataset(["a": .init([1, 2] as [Float]), "b": .init([1] as [Int32])]) }
        == "columns have one number of rows, and these have others: a 2, b 1")
    #expect(
      text { try Dataset(["a": .init([1, 2, 3] as [Float], rowShape: [2])]) }
        == "the column a has 3 elements, which are not rows of shape [2]")
    let data = try Self.numbered(2)
    #expect(text { try data.split(holdingOut: 1, seed: 1) } == "the share held out is above 0 and below 1, got 1.0")
    #expect(text { try data.selecting([0]).split(holdingOut: 0.5, seed: 1) } == "1 rows cannot be split in two parts")
    #expect(text { try data.replacing("z") { $0 } } == "there is no column z, but x, y")
    #expect(text { try data["x"]!.elements(as: Double.self) } == "a column of float32 was read as float64")
  }

  @Test func `a column is replaced by what is made of it`() throws {
    let data = try Self.numbered(3).replacing("x") { column in
      Dataset.Column(try column.elements(as: Float.self).map { Double($0) / 2 }, rowShape: column.rowShape)
    }
    #expect(try data["x"]!.elements(as: Double.self) == [0, 0.5, 1, 1.5, 2, 2.5])
  }

  @Test func `columns are fed to the inputs of their names, of every type`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 2]), y = graph.input("y", [2], .int32)
    let d = graph.input("d", [2, 1], .float64), l = graph.input("l", [2], .int64), b = graph.input("b", [2], .bool)
    let h = graph.input("h", [2], .bfloat16)
    let data = try Dataset([
      "x": .init((0..<8).map { Float($0) }, rowShape: [2]), "y": .init([4, 5, 6, 7] as [Int32]),
      "d": .init([0.5, 1.5, 2.5, 3.5], rowShape: [1]), "l": .init([1, 2, 3, 1 << 40] as [Int64]),
      "b": .init([true, false, false, true]), "h": .init([1, 2, 3, 4].map { BFloat16($0) }),
      "nobody's": .init([0, 0, 0, 0] as [Float]),
    ])
    let read: [Node] = [
      x * 2.0, y.cast(to: .float32), d * 2.0, l.cast(to: .float32), b.cast(to: .int32), h.cast(to: .float32),
    ]
    let session = try Program(read).makeSession()
    try data.feed(session, rows: [3, 0])
    try session.forward()
    #expect(try session.read(x, as: Float.self) == [6, 7, 0, 1])
    #expect(try session.read(y, as: Int32.self) == [7, 4])
    #expect(try session.read(d, as: Double.self) == [3.5, 0.5])
    #expect(try session.read(l, as: Int64.self) == [1 << 40, 1])
    #expect(try session.read(b, as: Bool.self) == [true, true])
    #expect(try session.read(h, as: BFloat16.self) == [4, 1].map { BFloat16($0) })

    let wrong = text { try data.feed(session) }
    #expect(
      wrong.contains("4 rows of the column ") && wrong.contains("made at AdjointTrainingTests/DatasetTests.swift"))
    let stranger = try Program(Graph().input("stranger") * 2).makeSession()
    #expect(
      text { try data.feed(stranger, rows: [0]) }.hasPrefix("no input of the graph is named as a column: b, d, h"))
  }

  // MARK: files

  @Test func `a CSV file is read, with a head, quotes, spaces and empty lines`() throws {
    let csv = "\u{FEFF}a, b,\"label\"\r\n1,2.5,0\n\n 3 ,\"4\",1\r\n-5e-1,6,2"
    let data = try Dataset(
      csv: Array(csv.utf8),
      columns: ["x": .numbers(0..<2, scale: 0.5), "d": .numbers(1..<2, as: .float64), "y": .label(2)])
    #expect(try data["x"]!.elements(as: Float.self) == [0.5, 1.25, 1.5, 2, -0.25, 3])
    #expect(try data["d"]!.elements(as: Double.self) == [2.5, 4, 6] && data["d"]!.rowShape == [1])
    #expect(try data["y"]!.elements(as: Int32.self) == [0, 1, 2])
  }

  @Test func `a line that is wrong is named, with its field`() throws {
    func reading(_ csv: String, _ columns: [String: Dataset.Fields] = ["x": .numbers(0..<2), "y": .label(2)]) -> String
    {
      text { try Dataset(csv: Array(csv.utf8), columns: columns) }
    }
    #expect(reading("1,2,0\n\n1,2").hasPrefix("the data, line 3: 2 fields, and the column y is made of fields 2 to 2"))
    #expect(reading("1,2,0\n1,b,0") == "the data, line 2: field 1, 'b', is not a number of float32")
    #expect(reading("1,2,0.5") == "the data, line 1: field 2, '0.5', is not a number of int32")
    #expect(reading("1,2,3000000000") == "the data, line 1: field 2, '3000000000', is not a number of int32")
    #expect(reading("1,nan,0") == "the data, line 1: field 1, 'nan', is not a number of float32")
    #expect(reading("1,\"2,0\n3") == "the data, line 1: a quotation mark is not closed")
    #expect(
      reading("1,2,0", ["x": .numbers(0..<2, rowShape: [3])]) == "the column x of fields 0..<2 cannot have shape [3]")
    #expect(try Dataset(csv: [], columns: ["y": .label(0)]).count == 0)
    #expect(
      text { try Dataset(csv: "/nowhere/file.csv", columns: [:]) }.hasPrefix("/nowhere/file.csv cannot be read: "))
  }

  @Test func `arrays of NumPy's are columns`() throws {
    // np.save of np.arange(6, dtype="u1").reshape(3, 2)
    var header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }"
    header += String(repeating: " ", count: 118 - header.utf8.count - 1) + "\n"
    let file =
      [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + [0, 1, 2, 3, 4, 5]
    let data = try Dataset(["x": .init(try NumPyArray(Data(file)), as: Float.self)])
    #expect(data.count == 3 && data["x"]!.rowShape == [2])
    #expect(try data["x"]!.elements(as: Float.self) == [0, 1, 2, 3, 4, 5])
  }

  // MARK: loading ahead

  @Test(arguments: [1, 2, 5], [1, 3])
  func `prepared batches are those of the position, in order, at any width and any number ahead`(
    ahead: Int, width: Int
  ) async throws {
    let data = try Self.numbered(10), executor = try GraphExecutor(width: width)
    var batches = try data.batches(of: 4, seed: 5, keepsShortBatch: true)
    for _ in 0..<4 { batches.advance() }
    let loader = try DataLoader(data, from: batches, ahead: ahead, on: executor) { batch, number in
      try batch.replacing("x") { column in
        Dataset.Column(try column.elements(as: Float.self).map { $0 + 1000 * Float(number) }, rowShape: [2])
      }
    }
    var number = 4
    for try await batch in loader.prefix(7) {
      let wanted = data.selecting(batches.rows)
      #expect(try batch["y"]!.elements(as: Int32.self) == wanted["y"]!.elements(as: Int32.self))
      let moved = try wanted["x"]!.elements(as: Float.self).map { $0 + 1000 * Float(number) }
      #expect(try batch["x"]!.elements(as: Float.self) == moved)
      batches.advance()
      number += 1
    }
    #expect(number == 11)
  }

  @Test func `what preparing throws is thrown where the batch is due`() async throws {
    struct Torn: Error {}
    let data = try Self.numbered(8)
    let loader = try DataLoader(data, from: data.batches(of: 2, seed: 1), ahead: 3) { batch, number in
      if number == 2 { throw Torn() }
      return batch
    }
    var seen = 0
    await #expect(throws: Torn.self) { for try await _ in loader { seen += 1 } }
    #expect(seen == 2)
    #expect(
      text { try DataLoader(data, from: Batches(rowCount: 9, batchSize: 3, seed: 1)) }
        == "batches.rowCount is the data set's 8 rows, got 9")
    #expect(text { try DataLoader(data, from: data.batches(of: 2, seed: 1), ahead: 0) } == "ahead is at least 1, got 0")
  }
}
