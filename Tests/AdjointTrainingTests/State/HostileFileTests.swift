import Adjoint
import AdjointTraining
import DependencyScheduling
import Foundation
import Testing

/// A file that is truncated, lies or means harm is a typed error: no trap, no allocation larger than the file, and no
/// parameter changes.
@Suite(.timeLimit(.minutes(20))) struct HostileFileTests {
  /// A file of this header and so many bytes of data.
  private static func file(_ json: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let text = Array(json.utf8)
    let count = length ?? UInt64(text.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) } + text
      + [UInt8](repeating: 1, count: data)
  }

  private static func tensor(_ name: String = "w", _ type: String = "F32", _ shape: String = "[2]", _ offsets: String)
    -> String
  {
    "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  private func reason(_ content: [UInt8], _ folder: TemporaryFolder) throws -> String {
    try write(content, to: folder.file("f"))
    do throws(StateFileError) {
      let file = try TensorFile(opening: folder.file("f"))
      return "opened: \(file.tensors.map(\.name))"
    } catch {
      guard case .malformed(_, let reason) = error else { return "another error: \(error)" }
      return reason
    }
  }

  @Test func `a truth value that is neither 0 nor 1 changes no parameter`() throws {
    let folder = try TemporaryFolder()
    let graph = Graph()
    _ = graph.parameter("b", [4], .values([true, false, true, true]), .bool)
    _ = graph.parameter("i", [1], .values([1] as [Int64]), .int64)
    let store = ParameterStore()
    try store.makeParameters(of: graph)
    func content(_ bytes: [UInt8]) -> [UInt8] {
      let header = "{\(Self.tensor("i", "I64", "[1]", "[0,8]")),\(Self.tensor("b", "BOOL", "[4]", "[8,12]"))}"
      return Self.file(header) + [UInt8](repeating: 9, count: 8) + bytes
    }
    let before = try StateFileTests.bits(of: store)
    for bytes in [[0, 1, 2, 1], [255, 0, 0, 0], [0, 0, 0, 128]] as [[UInt8]] {
      try write(content(bytes), to: folder.file("f"))
      let error = #expect(throws: StateFileError.self) { try store.load(from: folder.file("f")) }
      let place = bytes.firstIndex { $0 > 1 }!
      #expect(error?.description.contains("element \(place) of 'b' is \(bytes[place]), and a BOOL is 0 or 1") == true)
      #expect(try StateFileTests.bits(of: store) == before)
    }
    try write(content([0, 1, 1, 0]), to: folder.file("f"))
    try store.load(from: folder.file("f"))
    #expect(try StateFileTests.bits(of: store)["b"] == [0, 1, 1, 0])
  }

  @Test func `each rule of the format is kept`() throws {
    let folder = try TemporaryFolder()
    let w = Self.tensor("[0,8]")
    func expect(
      _ json: String, data: Int = 8, length: UInt64? = nil, _ part: String,
      _ location: Testing.SourceLocation = #_sourceLocation
    ) throws {
      let reason = try reason(Self.file(json, data: data, length: length), folder)
      #expect(reason.contains(part), "\(reason)", sourceLocation: location)
    }
    try expect("{\(w)}", "opened: [\"w\"]")
    try expect(" {\(w)}", "does not begin with '{'")
    try expect("{ \"w\" : { \"shape\" : [ 2 ] , \"dtype\":\"F32\", \"data_offsets\":[0 ,8]} }  \n", "opened: [\"w\"]")
    try expect("{}", data: 0, "opened: []")
    try expect("{\"__metadata__\":{}}", data: 0, "opened: []")

    try expect("{\(w)}", data: 7, "the tensors take 8 bytes, and 7 follow")
    try expect("{\(w)}", data: 9, "the tensors take 8 bytes, and 9 follow")
    try expect("{\(Self.tensor("[8,16]"))}", data: 16, "leaves a gap")
    try expect("{\(w),\(Self.tensor("v", "[4,12]"))}", data: 12, "overlaps the one before")
    try expect("{\(w),\(Self.tensor("v", "[0,8]"))}", "overlaps the one before")
    try expect("{\(w),\(Self.tensor("v", "[8,16]"))}", data: 16, "opened: [\"w\", \"v\"]")
    try expect("{\(w),\(w)}", "the name 'w' comes twice")
    try expect("{\(Self.tensor("[8,0]"))}", "a beginning and an end are needed")
    try expect("{\(Self.tensor("[0]"))}", "a beginning and an end are needed")
    try expect("{\(Self.tensor("[0,4,8]"))}", "a beginning and an end are needed")
    try expect("{\(Self.tensor("w", "F32", "[3]", "[0,8]"))}", "does not take the 8 bytes")
    try expect("{\(Self.tensor("w", "F33", "[2]", "[0,8]"))}", "of the unknown type 'F33'")
    try expect("{\(Self.tensor("w", "F32", "[9223372036854775807,9]", "[0,8]"))}", "does not take the 8 bytes")
    try expect("{\(Self.tensor("w", "U8", "[4294967296,4294967296]", "[0,0]"))}", data: 0, "does not take the 0 bytes")
    try expect("{\(Self.tensor("w", "F32", "[9223372036854775807,0]", "[0,0]"))}", data: 0, "opened")
    try expect("{\(Self.tensor("w", "F4", "[3]", "[0,1]"))}", data: 1, "does not take the 1 bytes")
    for (type, size) in [("I64", 8), ("BOOL", 1), ("F16", 2), ("BF16", 2)] {
      try expect("{\(Self.tensor("w", type, "[3]", "[0,\(3 * size)]"))}", data: 3 * size, "opened: [\"w\"]")
      try expect("{\(Self.tensor("w", type, "[3]", "[0,\(3 * size + 1)]"))}", data: 3 * size + 1, "does not take the")
      try expect(
        "{\(Self.tensor("w", type, "[9223372036854775807,9]", "[0,\(size)]"))}", data: size, "does not take the")
    }
    try expect("{\(Self.tensor("w", "F32", "[-2]", "[0,8]"))}", "a number of 0 or more expected")
    try expect("{\(Self.tensor("w", "F32", "[2.0]", "[0,8]"))}", "']' expected")
    try expect("{\(Self.tensor("w", "F32", "[02]", "[0,8]"))}", "begins with 0")
    try expect("{\(Self.tensor("w", "F32", "[2]", "[0,18446744073709551616]"))}", "a number above")
    try expect("{\(Self.tensor("w", "F32", "[[2]]", "[0,8]"))}", "a number of 0 or more expected")
    try expect("{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", "lacks one of")
    try expect("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "or has it twice")
    try expect("{\"w\":{\"layout\":\"dense\"}}", "has 'layout'")
    try expect("{\"w\":null}", "'{' expected")
    try expect("{\"__metadata__\":{\"a\":1}}", data: 0, "'\"' expected")
    try expect("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", data: 0, "the metadata 'a' comes twice")
    try expect("{\"__metadata__\":{},\"__metadata__\":{}}", data: 0, "comes twice")
    try expect("{\(w)} {}", "more after the end")
    try expect("{\(w),}", "'\"' expected")
    try expect("{\(w)", "'}' expected")
    try expect("{\"w", "a string without an end")
    try expect("{\"w\\", "a string without an end")
    try expect("{\"\\x\"", "an escape that JSON does not have")
    try expect("{\"\\u12G4\"", "four hexadecimal digits")
    try expect("{\"\\ud800\"", "half of a surrogate pair")
    try expect("{\"\\ud800\\u0041\"", "half of a surrogate pair")
    try expect("{\"a\nb\"", "a control character")
    try expect("{\(Self.tensor("\\ud83d\\ude00\\u0041\\n", "[0,8]"))}", "opened: [\"😀A\\n\"]")
  }

  private static func tensor(_ offsets: String) -> String { tensor("w", "F32", "[2]", offsets) }
  private static func tensor(_ name: String, _ offsets: String) -> String { tensor(name, "F32", "[2]", offsets) }

  @Test func `a header length up to 2⁶⁴ − 1 is compared with the file, not believed`() throws {
    let folder = try TemporaryFolder()
    for shift in 4..<64 {
      for length in [(1 << UInt64(shift)) - 1, 1 << UInt64(shift), .max] as [UInt64] {
        #expect(try reason(Self.file("{}", length: length), folder).contains("its header would have \(length) bytes"))
      }
    }
    for count in 0..<8 {
      #expect(try reason([UInt8](repeating: 0, count: count), folder).contains("eight tell the header's length"))
    }
    #expect(try reason([UInt8](repeating: 0, count: 8), folder).contains("does not begin with '{'"))
  }

  @Test func `JSON of any depth is read without recursion`() throws {
    let folder = try TemporaryFolder()
    for opening in ["[", "{\"a\":", "{\"w\":{\"shape\":["] {
      let deep = String(repeating: opening, count: 200_000)
      let reason = try reason(Self.file("{\"w\":{\"shape\":" + deep), folder)
      #expect(reason.contains("expected"))
      #expect(try self.reason(Self.file(deep), folder).contains("header"))
    }
  }

  @Test func `bytes that are no UTF-8, and very long names, make short messages`() throws {
    let folder = try TemporaryFolder()
    var broken = Self.file("{\"ab\":1}")
    broken[10] = 0xFF
    #expect(try reason(broken, folder).contains("no UTF-8"))
    let long = String(repeating: "x", count: 1 << 20)
    let message = try reason(Self.file("{\(Self.tensor(long, "F32", "[3]", "[0,8]"))}", data: 8), folder)
    #expect(message.count < 300 && message.contains("…"))
  }

  // MARK: mutations

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `a mutated file is a typed error or a sound file`(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let store = try StateFileTests.store()
    try store.save(to: folder.file("good"), metadata: ["adjoint.step": "12", "note": "x"])
    let good = try bytes(of: folder.file("good"))
    let before = try StateFileTests.bits(of: store)
    var generator = Mutations(seed: seed)
    var refused = 0
    let count = ProcessInfo.processInfo.environment["ADJOINT_SOAK"] == nil ? 150 : 5_000
    for _ in 0..<count {
      let content = generator.mutate(good)
      try write(content, to: folder.file("bad"))
      do throws(StateFileError) {
        let file = try TensorFile(opening: folder.file("bad"))
        // Whatever opens is sound: its tensors fill the file, and each can be read.
        var total = 0
        for tensor in file.tensors { total += try file.read(tensor).count }
        #expect(total < content.count)
        try store.load(from: folder.file("bad"))
        try store.load(from: folder.file("good"))
      } catch {
        refused += 1
        #expect("\(error)".utf8.count < 4_000)
      }
    }
    #expect(refused > count / 4)
    #expect(try StateFileTests.bits(of: store) == before)
  }

  @Test func `a file cut at any byte is refused`() throws {
    let folder = try TemporaryFolder()
    let store = try StateFileTests.store()
    try store.save(to: folder.file("good"))
    let good = try bytes(of: folder.file("good"))
    for count in 0..<good.count {
      try write(Array(good[..<count]), to: folder.file("bad"))
      #expect(throws: StateFileError.self) { try store.load(from: folder.file("bad")) }
    }
  }
}

/// Seeded damage to a file: bits, bytes, pieces, digits, lengths.
private struct Mutations {
  private var generator: SeededGenerator
  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func below(_ bound: Int) -> Int { generator.index(below: bound) }

  private static let tokens = [
    "[", "]", "{", "}", "\"", ",", ":", "\\", "\\u", "-1", "1e9", "18446744073709551615", "9223372036854775807", "null",
    "F64", "__metadata__", "\u{0}", "[[[[", "{\"a\":{",
  ]

  mutating func mutate(_ good: [UInt8]) -> [UInt8] {
    var content = good
    let header = 8 + Int(good[0]) + Int(good[1]) << 8
    for _ in 0...below(3) {
      if content.isEmpty { break }
      // Half of the damage goes where the structure is.
      let place = below(below(2) == 0 ? content.count : min(header, content.count))
      switch below(8) {
      case 0: content[place] ^= 1 << UInt8(below(8))
      case 1: content[place] = UInt8(below(256))
      case 2: content.removeLast(below(content.count))
      case 3: content.removeSubrange(place..<min(place + 1 + below(16), content.count))
      case 4:
        content.insert(contentsOf: content[place..<min(place + 1 + below(64), content.count)], at: below(content.count))
      case 5: content.insert(contentsOf: Array(Self.tokens[below(Self.tokens.count)].utf8), at: place)
      case 6:
        let length: UInt64 = 1 << UInt64(below(64))
        for byte in 0..<min(8, content.count) {
          content[byte] = UInt8(truncatingIfNeeded: length >> (8 * UInt64(byte)))
        }
      default:
        let digits = content.indices.filter { $0 >= 8 && $0 < header && (0x30...0x39).contains(content[$0]) }
        if let digit = digits.isEmpty ? nil : digits[below(digits.count)] { content[digit] = 0x30 + UInt8(below(10)) }
      }
    }
    return content
  }
}
