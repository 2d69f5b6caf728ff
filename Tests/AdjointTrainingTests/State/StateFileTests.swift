import Adjoint
import Foundation
import Testing

@testable import AdjointTraining

/// Parameters in safetensors files: what was written is read, what is wrong is said, what fails leaves no trace.
@Suite(.timeLimit(.minutes(20))) struct StateFileTests {
  /// A store of all element types, with names that need escapes.
  static func store(filledWith seed: Int = 1) throws -> ParameterStore {
    let graph = Graph()
    _ = graph.parameter("layer/weights", [3, 4], .normal(seed: UInt64(seed)))
    _ = graph.parameter("wide", [5], .uniform(-1...1, seed: UInt64(seed)), .float64)
    _ = graph.parameter("labels", [3], .values([7, -8, Int32(seed)] as [Int32]), .int32)
    _ = graph.parameter("scalar", [], .constant(Double(seed) + 0.5))
    _ = graph.parameter("na\"me\\with\n\u{1}\tδ😀", [1, 1], .constant(Double(seed)))
    let store = ParameterStore()
    try store.makeParameters(of: graph)
    return store
  }

  static func bits(of store: ParameterStore) throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for name in store.names { result[name] = try store.withBytes(of: name) { $0.withUnsafeBytes { Array($0) } } }
    return result
  }

  @Test func `what was saved is loaded, bit for bit, with its metadata`() throws {
    let folder = try TemporaryFolder()
    let store = try Self.store(filledWith: 1), other = try Self.store(filledWith: 2)
    let metadata = ["note": "a \"quoted\"\nline", "empty": "", "δ": "😀"]
    try store.save(to: folder.file("a"), metadata: metadata)
    #expect(try Self.bits(of: other) != Self.bits(of: store))
    #expect(try other.load(from: folder.file("a")) == metadata)
    #expect(try Self.bits(of: other) == Self.bits(of: store))
    try other.save(to: folder.file("b"), metadata: metadata)
    #expect(try bytes(of: folder.file("a")) == bytes(of: folder.file("b")))
  }

  @Test func `parameters of every type are saved and loaded, and a type is told from any other`() throws {
    let folder = try TemporaryFolder()
    func store(_ types: [ElementType], adding offset: Int) throws -> ParameterStore {
      let graph = Graph()
      for (name, type) in zip(ElementType.allCases, types) {
        let values = (0..<6).map { type == .bool ? Double(($0 + offset) % 2) : Double(3 * $0 + offset) }
        _ = graph.parameter("\(name)", [2, 3], .values(values), type)
      }
      let store = ParameterStore()
      try store.makeParameters(of: graph)
      return store
    }
    let types = ElementType.allCases
    let (saved, loaded) = (try store(types, adding: 0), try store(types, adding: 1))
    try saved.save(to: folder.file("a"))
    let stored = try TensorFile(opening: folder.file("a")).tensors.map { "\($0.name) \($0.type)" }
    #expect(
      Set(stored) == [
        "float32 F32", "float64 F64", "int32 I32", "int64 I64", "bool BOOL", "float16 F16", "bfloat16 BF16",
      ])
    #expect(try Self.bits(of: saved) != Self.bits(of: loaded))
    try loaded.load(from: folder.file("a"))
    #expect(try Self.bits(of: saved) == Self.bits(of: loaded))
    for shift in 1..<types.count {
      let others = types.indices.map { types[($0 + shift) % types.count] }
      let store = try store(others, adding: 1), before = try Self.bits(of: store)
      let error = #expect(throws: StateFileError.self) { try store.load(from: folder.file("a")) }
      for (type, other) in zip(types, others) {
        let message = "\(type): of type \(StoredType(type)) in the file, wanted \(StoredType(other))"
        #expect(error?.description.contains(message) == true)
      }
      #expect(try Self.bits(of: store) == before)
    }
  }

  @Test func `a file holds parameters of one version, whatever is written while it is saved`() throws {
    let folder = try TemporaryFolder()
    let store = try Self.store()
    let (names, before) = (store.names, try Self.bits(of: store))
    let memory = store.memory.allocated
    try store.save(names, to: folder.file("a"), metadata: [:]) { _ in try store.replaceValues(of: names) { _, _ in } }
    let file = try TensorFile(opening: folder.file("a"))
    for tensor in file.tensors { #expect(try file.read(tensor) == before[tensor.name]) }
    #expect(try Self.bits(of: store) != before)
    #expect(store.memory.allocated == memory, "what the file was written from is given back")
  }

  @Test func `no write comes between parameters that are read together`() throws {
    let store = try Self.store(filledWith: 3)
    let (names, before) = (store.names, try Self.bits(of: store))
    var found: [String: [UInt8]] = [:]
    try store.withBytes(of: names) { name, bytes in
      try store.replaceValues(of: names) { _, _ in }
      found[name] = bytes.withUnsafeBytes { Array($0) }
    }
    #expect(found == before)
    #expect(try Self.bits(of: store) != before)
    #expect(throws: SessionError.self) { try store.withBytes(of: ["wide", "absent"]) { _, _ in } }
  }

  @Test func `NaN, infinities and signed zeros keep their bits`() throws {
    let folder = try TemporaryFolder()
    let odd = [0x7FC0_1234, 0xFFC0_0001, 0x7F80_0000, 0x8000_0000, 0x0000_0001, 0x7F80_0001].map {
      Float(bitPattern: $0)
    }
    let graph = Graph()
    let w = graph.parameter("w", [6])
    let session = try Program(w * 1).makeSession()
    try session.write(odd, to: w)
    try session.parameters.save(to: folder.file("odd"))
    try session.write([Float](repeating: 0, count: 6), to: w)
    try session.parameters.load(from: folder.file("odd"))
    #expect(try session.read(w, as: Float.self).map(\.bitPattern) == odd.map(\.bitPattern))
  }

  @Test func `a file shows its tensors, each at a multiple of its elements' size`() throws {
    let folder = try TemporaryFolder()
    try Self.store().save(to: folder.file("a"))
    let file = try TensorFile(opening: folder.file("a"))
    #expect(file.tensors.map(\.type.name) == ["F64", "I32", "F32", "F32", "F32"])
    #expect(file.tensors.map(\.dimensions) == [[5], [3], [3, 4], [1, 1], []])
    #expect(file.metadata == [:])
    let labels = try #require(file.tensors.first { $0.name == "labels" })
    #expect(try file.read(labels) == [7, 0, 0, 0, 0xF8, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0])
    let header = try bytes(of: folder.file("a")).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(header % 8 == 0)
  }

  @Test func `saving replaces a file in one step and leaves nothing beside it`() throws {
    let folder = try TemporaryFolder()
    let store = try Self.store(filledWith: 1)
    try write([1, 2, 3], to: folder.file("state"))
    try store.save(to: folder.file("state"))
    #expect(folder.contents == ["state"])
    let whole = try bytes(of: folder.file("state"))
    #expect(throws: StateFileError.self) { try store.save(["scalar", "none"], to: folder.file("state")) }
    #expect(throws: StateFileError.self) { try store.save(to: folder.file("no/such/folder/state")) }
    try FileManager.default.createDirectory(atPath: folder.file("taken"), withIntermediateDirectories: false)
    let error = #expect(throws: StateFileError.self) { try store.save(to: folder.file("taken")) }
    #expect(error?.description.hasPrefix("cannot replace \(folder.file("taken")): ") == true)
    #expect(folder.contents == ["state", "taken"])
    #expect(try bytes(of: folder.file("state")) == whole)
  }

  #if os(Linux)
    @Test func `a full disk leaves the older file as it was`() async throws {
      // The size limit stands for the disk: past it a write fails. It holds for a process, so a child has it.
      await #expect(processExitsWith: .success) {
        let folder = try TemporaryFolder()
        try StateFileTests.store().save(to: folder.file("state"))
        let whole = try bytes(of: folder.file("state"))
        let graph = Graph()
        _ = graph.parameter("large", [1 << 16])
        let store = ParameterStore()
        try store.makeParameters(of: graph)
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 1 << 16, rlim_max: 1 << 16)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        #expect(throws: StateFileError.self) { try store.save(to: folder.file("state")) }
        #expect(try bytes(of: folder.file("state")) == whole)
        #expect(folder.contents == ["state"])
      }
    }
  #endif

  @Test func `what is not a regular file is not read, without waiting for it`() throws {
    let folder = try TemporaryFolder()
    let store = try Self.store()
    mkfifo(folder.file("pipe"), 0o600)
    for path in [folder.path, folder.file("pipe"), folder.file("absent")] {
      let error = #expect(throws: StateFileError.self) { try store.load(from: path) }
      guard case .system(path, "open", _) = error else {
        Issue.record("\(path): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func `names that Unicode calls equivalent are two tensors of a file`() throws {
    let folder = try TemporaryFolder()
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    func store(_ first: Double, _ second: Double) throws -> ParameterStore {
      let graph = Graph()
      _ = graph.parameter(composed, [2], .constant(first))
      _ = graph.parameter(decomposed, [2], .constant(second))
      let store = ParameterStore()
      try store.makeParameters(of: graph)
      return store
    }
    func values(_ store: ParameterStore) throws -> [Float] {
      try store.names.map { try store.withBytes(of: $0) { $0.unsafeLoad(as: Float.self) } }
    }
    try store(1, 2).save(to: folder.file("a"))
    let other = try store(3, 4)
    try other.load(from: folder.file("a"))
    #expect(try values(other) == [2, 1])  // in the order of bytes
    #expect(try TensorFile(opening: folder.file("a")).tensors.count == 2)

    try store(5, 6).save([composed], to: folder.file("b"))
    let error = #expect(throws: StateFileError.self) { try other.load([decomposed], from: folder.file("b")) }
    guard case .mismatch(_, let problems) = error else {
      Issue.record("not a mismatch: \(String(describing: error))")
      return
    }
    #expect(problems.count == 2)  // one is missing, the other is there
    #expect(try values(other) == [2, 1])
  }

  @Test func `parameters that are written meanwhile are saved as they were, and not replaced`() throws {
    let folder = try TemporaryFolder()
    let graph = Graph()
    let w = graph.parameter("w", [2], .ones)
    let session = try Program(w * 1).makeSession()
    try session.forward()
    try session.withMutableValues(of: w, as: Float.self) { values in
      values[0] = 5
      try session.parameters.save(to: folder.file("s"))
      #expect(throws: (any Error).self) { try session.parameters.load(from: folder.file("s")) }
    }
    #expect(try session.read(w, as: Float.self) == [5, 1])
    try session.withValues(of: w, as: Float.self) { values in
      try session.parameters.load(from: folder.file("s"))
      #expect(values[0] == 5)  // until this returns
    }
    #expect(try session.read(w, as: Float.self) == [1, 1])
  }

  @Test func `every mismatch is listed, and nothing is loaded`() throws {
    let folder = try TemporaryFolder()
    let graph = Graph()
    _ = graph.parameter("scalar", [1])
    _ = graph.parameter("wide", [5])
    _ = graph.parameter("layer/weights", [4, 3], .zeros, .float64)
    _ = graph.parameter("more", [2], .ones)
    let store = ParameterStore()
    try store.makeParameters(of: graph)
    try Self.store().save(["scalar", "wide", "layer/weights", "labels"], to: folder.file("s"))
    let before = try Self.bits(of: store)
    let error = #expect(throws: StateFileError.self) { try store.load(from: folder.file("s")) }
    #expect(
      error?.description == """
        \(folder.file("s")) does not fit:
          layer/weights: of shape [3, 4] in the file, wanted [4, 3]
          layer/weights: of type F32 in the file, wanted F64
          more: missing in the file
          scalar: of shape [] in the file, wanted [1]
          wide: of type F64 in the file, wanted F32
          'labels': in the file, and no parameter of that name
        """)
    #expect(try Self.bits(of: store) == before)
  }
}
