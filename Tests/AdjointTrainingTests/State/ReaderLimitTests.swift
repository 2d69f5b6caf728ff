import Adjoint
import Foundation
import Testing

@testable import AdjointTraining

/// Each limit of the reader of state files: what is just within it is read, what is just beyond is refused and named.
@Suite(.timeLimit(.minutes(20))) struct ReaderLimitTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func length(_ count: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
  }

  /// What becomes of a file of this header and so many bytes of data: the tensors' names, or what is wrong.
  private func outcome(_ json: [UInt8], data: Int = 0) throws -> String {
    try write(length(UInt64(json.count)) + json + [UInt8](repeating: 0, count: data), to: folder.file("f"))
    return outcome()
  }

  private func outcome(_ json: String, data: Int = 0) throws -> String { try outcome(Array(json.utf8), data: data) }

  private func outcome() -> String {
    do throws(StateFileError) {
      let file = try TensorFile(opening: folder.file("f"))
      return "opened \(file.tensors.map(\.name)) \(file.metadata.keys.sorted())"
    } catch {
      guard case .malformed(_, let reason) = error else { return "another error: \(error)" }
      return reason
    }
  }

  private func tensor(_ type: String, _ shape: String, _ offsets: String, _ name: String = "w") -> String {
    "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  // MARK: the header's length

  @Test func `a header has a hundred million bytes at most, whatever the file has`() throws {
    let most = 100_000_000
    #expect(TensorFileHeader.largestByteCount == most)
    for count in [most, most + 1, most + 50_000_000] {
      // The file holds as many bytes, of which none takes room on the disk.
      try write(length(UInt64(count)), to: folder.file("f"))
      try #require(truncate(folder.file("f"), off_t(8 + count)) == 0)
      // A header within the limit is read, and does not begin as one.
      let wanted =
        count == most
        ? "the header does not begin with '{'"
        : "its header would have \(count) bytes, of \(count) that follow and \(most) at most"
      #expect(outcome() == wanted)
    }
  }

  @Test func `a header has as many bytes as follow, at most`() throws {
    for missing in [0, 1] {
      try write(length(UInt64(2 + missing)) + Array("{}".utf8), to: folder.file("f"))
      let wanted =
        missing == 0 ? "opened [] []" : "its header would have 3 bytes, of 2 that follow and 100000000 at most"
      #expect(outcome() == wanted)
    }
  }

  // MARK: numbers

  @Test func `a number is at most the largest integer, one more is refused`() throws {
    let largest = "9223372036854775807"
    for (number, isNumber) in [
      (largest, true), ("9223372036854775808", false), ("9223372036854775809", false), ("9223372036854775817", false),
      ("18446744073709551615", false), ("18446744073709551616", false), ("92233720368547758070", false), ("0", true),
      ("00", false), ("01", false), ("09", false), ("010", false),
    ] {
      let found = try outcome("{\(tensor("F32", "[\(number),0]", "[0,0]"))}")
      let wanted = number.first == "0" ? "a number that begins with 0" : "a number above \(largest)"
      #expect(isNumber ? found == "opened [\"w\"] []" : found.hasPrefix(wanted), "\(number): \(found)")
    }
  }

  @Test func `a product of extents that no memory has is refused, just beyond and far`() throws {
    // 2⁶³ bits are one more than the largest integer.
    for (type, shape, offsets) in [
      ("F32", "[288230376151711744]", "[0,0]"), ("U8", "[1152921504606846976]", "[0,0]"),
      ("F64", "[4611686018427387904,4]", "[0,0]"), ("F32", "[3037000500,3037000500]", "[0,0]"),
      ("U8", "[9223372036854775807]", "[0,9223372036854775807]"),
    ] {
      #expect(try outcome("{\(tensor(type, shape, offsets))}").contains("does not take the"), "\(type) \(shape)")
    }
    // 2⁵⁸ − 1 elements of 32 bits are a number, and more than this file has.
    let count = 288_230_376_151_711_743
    #expect(
      try outcome("{\(tensor("F32", "[\(count)]", "[0,\(4 * count)]"))}")
        == "the tensors take \(4 * count) bytes, and 0 follow the header")
  }

  // MARK: types

  @Test(arguments: [
    ("BOOL", 8), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8), ("F8_E8M0", 8), ("I16", 16), ("U16", 16),
    ("F16", 16), ("BF16", 16), ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64), ("I64", 64),
    ("U64", 64), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6),
  ])
  func `elements of each type take as many bits as the format says`(type: String, bits: Int) throws {
    for count in [4, 12] {
      let bytes = count * bits / 8
      for data in [bytes - 1, bytes, bytes + 1] {
        let found = try outcome("{\(tensor(type, "[\(count)]", "[0,\(data)]"))}", data: data)
        #expect(data == bytes ? found == "opened [\"w\"] []" : found.contains("does not take the \(data) bytes"))
      }
    }
    // Elements that end within a byte.
    let found = try outcome("{\(tensor(type, "[1]", "[0,\(bits / 8)]"))}", data: bits / 8)
    #expect(bits >= 8 ? found.hasPrefix("opened") : found.contains("does not take the"))
  }

  // MARK: places

  @Test func `tensors fill the data one after the other, in whatever order they are named`() throws {
    func file(_ tensors: [(count: Int, start: Int)], data: Int) throws -> String {
      let entries = tensors.enumerated().map { number, place in
        tensor("U8", "[\(place.count)]", "[\(place.start),\(place.start + place.count)]", "t\(number)")
      }
      return try outcome("{\(entries.joined(separator: ","))}", data: data)
    }
    #expect(try file([(4, 4), (4, 0), (2, 8)], data: 10) == "opened [\"t1\", \"t0\", \"t2\"] []")
    // Empty ones lie anywhere between.
    for places in [
      [(0, 0), (4, 0)], [(4, 0), (0, 0)], [(4, 0), (0, 4)], [(0, 4), (4, 0)], [(0, 4), (4, 4), (4, 0)],
    ] {
      let data = places.map { $0.0 + $0.1 }.max()!
      #expect(try file(places, data: data).hasPrefix("opened"), "\(places)")
    }
    #expect(try file([(4, 0), (0, 2)], data: 4).contains("overlaps the one before"))
    #expect(try file([(4, 0), (4, 3)], data: 7).contains("overlaps the one before"))
    #expect(try file([(4, 0), (4, 5)], data: 9).contains("leaves a gap"))
    #expect(try file([(4, 1)], data: 5).contains("leaves a gap"))
    #expect(try file([(4, 0), (0, 5)], data: 4).contains("leaves a gap"))
    #expect(try file([(4, 0), (4, 4), (4, 0)], data: 8).contains("overlaps the one before"))
    for data in [7, 9] { #expect(try file([(4, 0), (4, 4)], data: data).contains("and \(data) follow the header")) }
  }

  @Test func `a name comes once, among tensors, within one of them and in the metadata`() throws {
    let w = tensor("U8", "[0]", "[0,0]")
    #expect(try outcome("{\(w),\(tensor("U8", "[0]", "[0,0]", "\\u0077"))}").contains("the name 'w' comes twice"))
    #expect(try outcome("{\(w),\(tensor("U8", "[0]", "[0,0]", "W"))}").hasPrefix("opened"))
    #expect(try outcome("{\"__metadata__\":{\"a\":\"1\",\"\\u0061\":\"2\"}}").contains("comes twice"))
    #expect(try outcome("{\"__metadata__\":{\"a\":\"1\",\"A\":\"2\"}}") == "opened [] [\"A\", \"a\"]")
    for key in ["dtype", "shape", "data_offsets"] {
      let value = key == "dtype" ? "\"U8\"" : key == "shape" ? "[0]" : "[0,0]"
      #expect(try outcome("{\(w.dropLast()),\"\(key)\":\(value)}}").contains("'w' has '\(key)', or has it twice"))
    }
  }

  // MARK: text

  @Test func `each escape of JSON is its character, and no other is taken`() throws {
    let escapes: [(Character, String)] = [
      ("\"", "\""), ("\\", "\\"), ("/", "/"), ("b", "\u{8}"), ("f", "\u{C}"), ("n", "\n"), ("r", "\r"), ("t", "\t"),
    ]
    for byte in 0x21...0x7E where byte != UInt8(ascii: "u") {
      let letter = Character(Unicode.Scalar(UInt8(byte)))
      let found = try outcome("{\"__metadata__\":{\"\\\(letter)\":\"\"}}")
      if let text = escapes.first(where: { $0.0 == letter })?.1 {
        #expect(found == "opened [] \([text])")
      } else {
        #expect(found.hasPrefix("an escape that JSON does not have"), "\(letter)")
      }
    }
    for (escape, text) in [
      ("\\u0000", "\0"), ("\\u00e9", "é"), ("\\u00E9", "é"), ("\\uFFFF", "\u{FFFF}"), ("\\ud7ff", "\u{D7FF}"),
      ("\\ue000", "\u{E000}"), ("\\ud800\\udc00", "\u{10000}"), ("\\udbff\\udfff", "\u{10FFFF}"),
    ] {
      #expect(try outcome("{\"__metadata__\":{\"\(escape)\":\"\"}}") == "opened [] \([text])")
    }
    for half in [
      "\\ud800", "\\udbff", "\\udc00", "\\udfff", "\\ud800\\ud800", "\\ud800\\udbff", "\\ud800\\ue000", "\\ud800x",
      "\\ud800\\n", "\\udc00\\ud800",
    ] {
      #expect(try outcome("{\"__metadata__\":{\"\(half)\":\"\"}}").hasPrefix("half of a surrogate pair"), "\(half)")
    }
  }

  @Test func `control characters and bytes that are no UTF-8 stand in no string, and all others may`() throws {
    for byte in [UInt8](0...0xFF) where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
      let found = try outcome(Array("{\"__metadata__\":{\"".utf8) + [byte] + Array("\":\"\"}}".utf8))
      let wanted =
        byte < 0x20 ? "a control character in a string" : byte < 0x80 ? "opened" : "a string that is no UTF-8"
      #expect(found.hasPrefix(wanted), "\(byte)")
    }
    // Between tokens there are four kinds of space.
    for byte in [UInt8](0...0x2F) where byte != UInt8(ascii: "\"") {
      let found = try outcome(Array("{\"__metadata__\":".utf8) + [byte] + Array("{}}".utf8))
      #expect(found.hasPrefix([0x20, 0x09, 0x0A, 0x0D].contains(byte) ? "opened" : "'{' expected"), "\(byte)")
    }
  }

  @Test func `a message shows 80 characters of a name, on one line`() throws {
    for count in [79, 80, 81, 1000] {
      let name = String(repeating: "x", count: count)
      let shown = "'" + String(repeating: "x", count: min(count, 80)) + (count > 80 ? "…" : "") + "'"
      #expect(try outcome("{\(tensor("F33", "[0]", "[0,0]", name))}") == "\(shown) is of the unknown type 'F33'")
    }
    let lines = try outcome("{\(tensor("F33", "[0]", "[0,0]", "a\\nb\\u001f\\u007fc"))}")
    #expect(lines.hasPrefix("'a\u{FFFD}b\u{FFFD}\u{FFFD}c'"))
  }

  // MARK: what is written

  @Test func `every character of a name or of metadata comes back`() throws {
    let graph = Graph()
    let ascii = (0...0x7F as ClosedRange<UInt8>).map { String(Unicode.Scalar($0)) }
    let characters = ascii + ["é", "\u{2028}", "😀", "\u{FFFF}"]
    let text = characters.joined()
    let name = characters.filter { $0 != "/" && $0 != "\0" }.joined()
    _ = graph.parameter(name, [1], .constant(2))
    let store = ParameterStore()
    try store.makeParameters(of: graph)
    try store.save(to: folder.file("f"), metadata: [text: text, "b": "", "a": text])
    let file = try TensorFile(opening: folder.file("f"))
    #expect(file.metadata == [text: text, "b": "", "a": text])
    #expect(file.tensors.map(\.name) == [name])
    // JSON allows no control character in a string: each is escaped, always in the same way.
    let written = try bytes(of: folder.file("f"))
    let header = written.dropFirst(8).prefix { $0 != 0 && $0 >= 0x20 }
    #expect(header.last == UInt8(ascii: "}") || header.last == UInt8(ascii: " "))
    #expect(8 + header.count == written.count - 4)
    for _ in 0..<5 {
      try store.save(to: folder.file("g"), metadata: ["a": text, "b": "", text: text])
      #expect(try bytes(of: folder.file("g")) == written)
    }
  }

  @Test func `a file that is cut after it was opened is an error of the read`() throws {
    let store = try StateFileTests.store()
    try store.save(to: folder.file("f"))
    let before = try StateFileTests.bits(of: store)
    let count = try bytes(of: folder.file("f")).count
    let file = try TensorFile(opening: folder.file("f"))
    try #require(truncate(folder.file("f"), off_t(count - 1)) == 0)
    let last = try #require(file.tensors.last)
    #expect(try file.read(file.tensors[0]) == before[file.tensors[0].name])
    let error = #expect(throws: StateFileError.self) { try file.read(last) }
    #expect(error?.description.hasSuffix("it ends at byte \(count - 1)") == true)
    #expect(throws: StateFileError.self) { try store.replaceValues(of: store.names, by: file) }
    #expect(try StateFileTests.bits(of: store) == before)
  }

  // MARK: a training's numbers

  @Test func `steps, epochs and batches have bounds, and what lies beyond is refused`() throws {
    let toy = Toy()
    let trainer = try toy.trainer()
    let good = [
      "adjoint.step": "7", "adjoint.epoch": "1", "adjoint.batch": "2", "adjoint.seed": "3", "adjoint.rows": "40",
      "adjoint.batchSize": "8", "adjoint.shuffled": "true", "adjoint.counter.n": "1",
    ]
    let most = 1 << 53
    for (key, largest, beyond) in [
      ("adjoint.step", "\(most)", "\(most + 1)"), ("adjoint.epoch", "\(most)", "\(most + 1)"),
      ("adjoint.batch", "4", "5"), ("adjoint.seed", "\(UInt64.max)", "18446744073709551616"),
      ("adjoint.counter.n", "\(UInt64.max)", "18446744073709551616"),
    ] {
      let numbers = [
        ("0", true), (largest, true), (beyond, false), ("-1", false), ("00", false), ("\(UInt64.max)0", false),
      ]
      for (number, fits) in numbers {
        var metadata = good
        metadata[key] = number
        try trainer.session.parameters.save(to: folder.file("f"), metadata: metadata)
        do throws(StateFileError) {
          try trainer.resume(from: folder.file("f"))
          #expect(fits, "\(key): \(number)")
        } catch {
          #expect(!fits && error.description.contains("\(key): '\(number)' in the file, wanted a number"), "\(error)")
        }
      }
    }
    for (key, other) in [("adjoint.rows", "41"), ("adjoint.batchSize", "7"), ("adjoint.shuffled", "false")] {
      for value in [other, nil] {
        var metadata = good
        metadata[key] = value
        try trainer.session.parameters.save(to: folder.file("f"), metadata: metadata)
        let error = #expect(throws: StateFileError.self) { try trainer.resume(from: folder.file("f")) }
        #expect(error?.description.contains("\(key): \(value.map { "'\($0)'" } ?? "nothing") in the file") == true)
      }
    }
  }

  @Test func `counters are the file's after resuming, and those of before are gone`() throws {
    let toy = Toy()
    let trainer = try toy.trainer()
    trainer.counters = ["a": 1, "b": 2]
    try trainer.save(to: folder.file("f"))
    trainer.counters = ["b": 5, "c": 6]
    try trainer.resume(from: folder.file("f"))
    #expect(trainer.counters == ["a": 1, "b": 2])
  }

  // MARK: earlier versions

  @Test(arguments: [ElementType.float32, .float64], [[], ["outer"], ["a", "b"]] as [[String]])
  func `an earlier version's squares become roots in any scope, infinite ones the largest number's`(
    type: ElementType, scopes: [String]
  ) throws {
    func trainer(_ optimizer: some Optimizer) throws -> Trainer {
      let graph = Graph()
      func make(_ rest: ArraySlice<String>) throws -> Trainer {
        if let scope = rest.first { return try graph.scope(scope) { try make(rest.dropFirst()) } }
        let w = graph.parameter("w", [4], .ones, type)
        return try Trainer(
          square(w).sum(), optimizer: optimizer, rate: .constant(0.1),
          batches: Batches(rowCount: 1, batchSize: 1, seed: 0))
      }
      return try make(scopes[...])
    }
    let largest = type == .float64 ? Double.greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude)
    for (optimizer, root, square) in [
      (Adam(), "rootMoment2", "moment2"), (RMSProp(), "rootMeanSquare", "meanSquare"),
    ] as [(any Optimizer, String, String)] {
      var now = try trainer(optimizer)
      try now.save(to: folder.file("now"))
      let store = now.session.parameters
      let changed = try #require(store.names.first { $0.contains("optimizer/\(root)/") })
      let old = Graph()
      for name in store.names {
        let signature = store.signature(of: name)!
        let earlier = name.replacing("optimizer/\(root)/", with: "optimizer/\(square)/")
          .replacing("optimizer/rootCorrection2", with: "optimizer/correction2")
        _ = old.parameter(earlier, signature.shape, .ones, type)
      }
      let earlier = ParameterStore()
      try earlier.makeParameters(of: old)
      let squares: [Double] = [4, 0, .infinity, .nan]
      try earlier.replaceValues(of: [changed.replacing(root, with: square)]) { _, bytes in
        bytes.withUnsafeMutableBytes { memory in
          for (place, value) in squares.enumerated() {
            if type == .float64 {
              memory.bindMemory(to: Double.self)[place] = value
            } else {
              memory.bindMemory(to: Float.self)[place] = Float(value)
            }
          }
        }
      }
      try earlier.save(to: folder.file("earlier"), metadata: TensorFile(opening: folder.file("now")).metadata)
      try now.resume(from: folder.file("earlier"))
      let roots: [Double] = try store.withBytes(of: changed) { bytes in
        bytes.withUnsafeBytes {
          type == .float64 ? Array($0.bindMemory(to: Double.self)) : $0.bindMemory(to: Float.self).map(Double.init)
        }
      }
      let wanted = type == .float64 ? largest.squareRoot() : Double(Float(largest).squareRoot())
      #expect(roots[0] == 2 && roots[1] == 0 && roots[2] == wanted && roots[3].isNaN, "\(roots)")
    }
  }
}
