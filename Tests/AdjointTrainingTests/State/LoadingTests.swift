import Adjoint
import Foundation
import Testing

@testable import AdjointTraining

/// Parameters that are loaded for a program: all that it runs with, or an error that lists what does not fit.
@Suite(.timeLimit(.minutes(20))) struct LoadingTests {
  /// y = x · w + b, with a scalar that only an update reads and one parameter that nothing reads.
  private struct Model {
    let graph = Graph()
    let x: Node, w: Node, b: Node, rate: Node, y: Node

    init(_ type: ElementType = .float32) {
      x = graph.input("x", [1, 3], type)
      w = graph.parameter("w", [3, 2], .uniform(-1...1, seed: 1), type)
      b = graph.parameter("b", [2], .uniform(-1...1, seed: 2), type)
      rate = graph.parameter("rate", [], .constant(0.5), type)
      _ = graph.parameter("unread", [4], .ones)
      y = x.matmul(w) + b
    }

    func program(updating: Bool = false) throws -> Program {
      try Program(y, updating: updating ? [ParameterUpdate(b, to: b * rate)] : [])
    }

    func answer(_ store: ParameterStore) throws -> [Double] {
      let session = try program().makeSession(parameters: store)
      if x.elementType == .float64 {
        try session.write([1, 10, 100] as [Double], to: x)
      } else {
        try session.write([1, 10, 100] as [Float], to: x)
      }
      try session.forward()
      return try LoadingTests.values(of: y, in: session)
    }
  }

  private static func values(of node: Node, in session: Session) throws -> [Double] {
    node.elementType == .float64
      ? try session.read(node, as: Double.self) : try session.read(node, as: Float.self).map(Double.init)
  }

  /// A file of tensors given as text of the header, and their bytes.
  private func file(_ tensors: [(name: String, type: String, shape: [Int], bytes: [UInt8])]) -> Data {
    var entries: [String] = [], bytes: [UInt8] = []
    for tensor in tensors {
      entries.append(
        "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),"
          + "\"data_offsets\":[\(bytes.count),\(bytes.count + tensor.bytes.count)]}")
      bytes += tensor.bytes
    }
    let header = Array("{\(entries.joined(separator: ","))}".utf8)
    return Data(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + bytes)
  }

  private func bytes<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
  }
  private func floats(_ values: [Float]) -> [UInt8] { bytes(values.map(\.bitPattern)) }

  /// w = 1 … 6 by rows, b = 1000, 2000.
  private var whole: Data {
    file([("w", "F32", [3, 2], floats([1, 2, 3, 4, 5, 6])), ("b", "F32", [2], floats([1_000, 2_000]))])
  }
  private let answers: [Double] = [1 + 30 + 500 + 1_000, 2 + 40 + 600 + 2_000]

  private func mismatch(_ load: () throws -> Void) -> [String]? {
    let error = #expect(throws: StateFileError.self) { try load() }
    if case .mismatch(_, let problems)? = error { return problems }
    Issue.record("not a mismatch: \(error.map { "\($0)" } ?? "no error")")
    return nil
  }

  @Test func `a new store has the file's values, from a path, a URL and from memory`() throws {
    let folder = try TemporaryFolder(), path = folder.file("weights"), model = Model()
    try whole.write(to: URL(filePath: path))
    let program = try model.program()
    #expect(Set(program.parameters.map(\.name)) == ["w", "b"])
    let stores = [
      try ParameterStore(loading: path, for: program),
      try ParameterStore(loading: TensorFile(opening: URL(filePath: path)), for: program),
      try ParameterStore(loading: TensorFile(whole), for: program),
      // A slice of data does not begin at 0.
      try ParameterStore(loading: TensorFile((Data([7, 7, 7]) + whole).dropFirst(3)), for: program),
    ]
    for store in stores {
      #expect(store.names == ["b", "w"])
      #expect(try model.answer(store) == answers)
    }
    let web = #expect(throws: StateFileError.self) { try TensorFile(opening: URL(string: "https://a.b/w")!).tensors }
    #expect(web?.description == "cannot open https://a.b/w: it is not the URL of a file")
    for length in [0, 7, 20, whole.count - 1] {
      let error = #expect(throws: StateFileError.self) {
        try ParameterStore(loading: TensorFile(whole.prefix(length)), for: program)
      }
      #expect(error?.description.hasPrefix("the data is not a sound file: ") == true)
    }
  }

  @Test func `what a store holds is replaced, by that which sessions then read`() throws {
    let model = Model(), store = ParameterStore()
    try store.makeParameters(of: model.graph)
    let random = try model.answer(store)
    let loaded = try store.load(from: TensorFile(whole), for: model.program())
    #expect(random != answers)
    #expect(try model.answer(store) == answers)
    #expect(loaded == LoadedParameters(loaded: ["b", "w"], missing: [], ignored: [], metadata: [:]))
    #expect(store.names == ["b", "rate", "unread", "w"])
    // A session that had run before reads them too.
    let session = try model.program().makeSession(parameters: store)
    try session.write([1, 10, 100] as [Float], to: model.x)
    try session.forward()
    let twice = file([("w", "F32", [3, 2], floats([2, 4, 6, 8, 10, 12])), ("b", "F32", [2], floats([2_000, 4_000]))])
    try store.load(from: TensorFile(twice), for: model.program())
    try session.forward()
    #expect(try Self.values(of: model.y, in: session) == answers.map { 2 * $0 })
  }

  @Test func `everything that does not fit is told at once, and the store stays as it was`() throws {
    let model = Model()
    let wrong = file([
      ("w", "F32", [2, 3], floats([1, 2, 3, 4, 5, 6])), ("b", "I32", [2], bytes([1, 2] as [Int32])),
      ("extra", "U8", [1], [1]), ("also", "U8", [1], [1]),
    ])
    let program = try model.program(updating: true)
    #expect(Set(program.parameters.map(\.name)) == ["w", "b", "rate"])
    let problems = [
      "b: of type I32 in the file, wanted F32", "rate: missing in the file",
      "w: of shape [2, 3] in the file, wanted [3, 2]", "'also': in the file, and no parameter of that name",
      "'extra': in the file, and no parameter of that name",
    ]
    let empty = ParameterStore(), full = ParameterStore()
    try full.makeParameters(of: model.graph)
    let before = try StateFileTests.bits(of: full)
    for store in [empty, full] {
      #expect(mismatch { try store.load(from: TensorFile(wrong), for: program) } == problems)
    }
    #expect(empty.names.isEmpty)
    #expect(try StateFileTests.bits(of: full) == before)
    // A store whose parameters are another program's.
    let other = ParameterStore()
    try other.makeParameters(of: Model(.float64).graph)
    #expect(
      mismatch { try other.load(from: TensorFile(whole), for: model.program()) }
        == ["b", "w"].map { name in
          let shape = name == "b" ? "[2]" : "[3, 2]"
          return "\(name): \(shape) float64 in the parameter store, and \(shape) float32 in the program"
        })
  }

  @Test func `fewer and more than the program's parameters are loaded where that is asked for`() throws {
    let model = Model(), program = try model.program(updating: true)
    let more = file([
      ("b", "F32", [2], floats([1_000, 2_000])), ("moment/w", "F32", [1], floats([0])),
      ("w", "F32", [3, 2], floats([1, 2, 3, 4, 5, 6])),
    ])
    let store = ParameterStore()
    #expect(
      mismatch { try store.load(from: TensorFile(more), for: program, LoadingOptions(ignoresOthers: true)) }
        == ["rate: missing in the file"])
    #expect(
      mismatch { try store.load(from: TensorFile(more), for: program, LoadingOptions(allowsMissing: true)) }
        == ["'moment/w': in the file, and no parameter of that name"])
    let options = LoadingOptions(ignoresOthers: true, allowsMissing: true)
    let loaded = try store.load(from: TensorFile(more), for: program, options)
    #expect(loaded == LoadedParameters(loaded: ["b", "w"], missing: ["rate"], ignored: ["moment/w"], metadata: [:]))
    #expect(store.names == ["b", "w"])
    #expect(try model.answer(store) == answers)
    // The one that is missing is drawn as ever.
    let session = program.makeSession(parameters: store)
    try session.write([1, 10, 100] as [Float], to: model.x)
    try session.step()
    #expect(try store.withBytes(of: "b") { $0.withUnsafeBytes { Array($0) } } == floats([500, 1_000]))
  }

  @Test func `a file of none of the parameters is not taken for a part of them`() throws {
    let model = Model(), program = try model.program()
    let other = file([("net.w", "F32", [3, 2], floats([1, 2, 3, 4, 5, 6]))])
    let options = LoadingOptions(ignoresOthers: true, allowsMissing: true)
    #expect(
      mismatch { _ = try ParameterStore(loading: TensorFile(other), for: program, options) }
        == ["b: missing in the file", "w: missing in the file"])
    let graph = Graph()
    let square = try Program(square(graph.input("x", [2])))
    let error = #expect(throws: StateFileError.self) {
      try ParameterStore(loading: TensorFile(other), for: square, options)
    }
    #expect(error?.description == "the program has no parameter to load")
  }

  @Test func `names and layouts of others are found under the program's`() throws {
    let model = Model(), program = try model.program()
    let torch = file([
      ("fc1.bias", "F32", [2], floats([1_000, 2_000])), ("fc1.weight", "F32", [2, 3], floats([1, 3, 5, 2, 4, 6])),
    ])
    let options = LoadingOptions(renaming: ["w": .transposed("fc1.weight"), "b": "fc1.bias"])
    let store = try ParameterStore(loading: TensorFile(torch), for: program, options)
    #expect(try model.answer(store) == answers)
    var byRule = LoadingOptions()
    byRule.storedName = { $0 == "w" ? .transposed("fc1.weight") : "fc1.bias" }
    #expect(try model.answer(ParameterStore(loading: TensorFile(torch), for: program, byRule)) == answers)
    // Messages name both.
    let swapped = LoadingOptions(renaming: ["w": "fc1.weight", "b": .transposed("fc1.bias")])
    #expect(
      mismatch { _ = try ParameterStore(loading: TensorFile(torch), for: program, swapped) } == [
        "b: of shape [2], and only a matrix is transposed as 'fc1.bias'",
        "w: of shape [2, 3] in the file, wanted [3, 2] as 'fc1.weight'",
      ])
    let absent = LoadingOptions(renaming: ["w": .transposed("fc2.weight"), "b": "fc1.bias"])
    #expect(
      mismatch { _ = try ParameterStore(loading: TensorFile(torch), for: program, absent) } == [
        "w: missing in the file as 'fc2.weight'", "'fc1.weight': in the file, and no parameter of that name",
      ])
  }

  @Test(arguments: [ElementType.float32, .float64], [ElementType.float16, .bfloat16])
  func `halves become what the program computes with, transposed or not`(type: ElementType, half: ElementType) throws {
    let model = Model(type), program = try model.program()
    // 1 … 6 and 1000, 2000, which both formats hold.
    let ones: [UInt16] =
      half == .float16
      ? [0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600] : [0x3F80, 0x4000, 0x4040, 0x4080, 0x40A0, 0x40C0]
    let thousands: [UInt16] = half == .float16 ? [0x63D0, 0x67D0] : [0x447A, 0x44FA]
    let name = "\(StoredType(half))"
    let straight = file([("w", name, [3, 2], bytes(ones)), ("b", name, [2], bytes(thousands))])
    #expect(try model.answer(ParameterStore(loading: TensorFile(straight), for: program)) == answers)
    let turned = [0, 2, 4, 1, 3, 5].map { ones[$0] }
    let across = file([("w", name, [2, 3], bytes(turned)), ("b", name, [2], bytes(thousands))])
    let options = LoadingOptions(renaming: ["w": .transposed("w")])
    #expect(try model.answer(ParameterStore(loading: TensorFile(across), for: program, options)) == answers)
    // Each of all halves, by the cast of the graph.
    let every = (0...UInt16.max).map { $0 }
    let graph = Graph()
    let all = graph.parameter("all", [every.count], .zeros, type)
    let store = try ParameterStore(
      loading: TensorFile(file([("all", name, [every.count], bytes(every))])), for: Program(all + 0))
    let cast = Graph()
    let narrow = cast.parameter("all", [every.count], .zeros, half)
    let wide = narrow.cast(to: type)
    let halves = try ParameterStore(
      loading: TensorFile(file([("all", name, [every.count], bytes(every))])), for: Program(wide))
    let session = try Program(wide).makeSession(parameters: halves)
    try session.forward()
    let expected = try Self.values(of: wide, in: session)
    let values = try store.withBytes(of: "all") { span in
      span.withUnsafeBytes { bytes in
        type == .float64 ? Array(bytes.bindMemory(to: Double.self)) : bytes.bindMemory(to: Float.self).map(Double.init)
      }
    }
    #expect(zip(values, expected).allSatisfy { $0 == $1 && $0.sign == $1.sign || $0.isNaN && $1.isNaN })
    #expect(values.count == expected.count && values.contains { $0.isNaN } && values.contains(1))
  }

  @Test func `other types do not fit, and each half only what is wider`() throws {
    let program = try Model().program()
    let wide = file([
      ("w", "F64", [3, 2], [UInt8](repeating: 0, count: 48)), ("b", "I32", [2], [UInt8](repeating: 0, count: 8)),
    ])
    #expect(
      mismatch { _ = try ParameterStore(loading: TensorFile(wide), for: program) }
        == ["b: of type I32 in the file, wanted F32", "w: of type F64 in the file, wanted F32"])
    let graph = Graph()
    let stored = graph.parameter("p", [1], .zeros, .bfloat16)
    let error = mismatch {
      _ = try ParameterStore(
        loading: TensorFile(file([("p", "F16", [1], [0, 0])])), for: Program(stored.cast(to: .float32)))
    }
    #expect(error == ["p: of type F16 in the file, wanted BF16"])
  }

  @Test func `whoever reads keeps what it reads while a file is loaded, and one that ends early changes nothing`()
    throws
  {
    let folder = try TemporaryFolder(), path = folder.file("w"), model = Model(), program = try model.program()
    try whole.write(to: URL(filePath: path))
    let store = ParameterStore()
    try store.load(from: path, for: program)
    try store.replaceValues(of: ["w"]) { _, bytes in bytes.withUnsafeMutableBytes { $0[0] = 7 } }
    try store.withBytes(of: "w") { bytes in
      try store.load(from: path, for: program)
      #expect(bytes.withUnsafeBytes { $0[0] } == 7)
    }
    // Cut after it was opened.
    let empty = ParameterStore()
    for store in [store, empty] {
      try whole.write(to: URL(filePath: path))
      let file = try TensorFile(opening: path)
      #expect(truncate(path, off_t(whole.count - 4)) == 0)
      let error = #expect(throws: StateFileError.self) { try load(file, store, program) }
      #expect(error?.description.contains("it ends at byte") == true)
    }
    #expect(empty.names.isEmpty)
    #expect(try model.answer(store) == answers)
  }

  private func load(_ file: borrowing TensorFile, _ store: ParameterStore, _ program: Program) throws {
    try store.load(from: file, for: program)
  }
}
