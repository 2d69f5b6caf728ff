import Adjoint
import Foundation
import Testing

@testable import AdjointTraining

/// Files of NumPy's: what they hold is read as it was meant, whatever is wrong is an error.
@Suite(.timeLimit(.minutes(20))) struct NumPyTests {
  private func array(
    _ header: String, _ elements: [UInt8], version: UInt8 = 1, length: Int? = nil
  ) throws -> NumPyArray {
    try NumPyArray(Data(file(header, elements, version: version, length: length)))
  }

  private func file(_ header: String, _ elements: [UInt8], version: UInt8 = 1, length: Int? = nil) -> [UInt8] {
    let count = length ?? header.utf8.count
    let digits = (0..<(version == 1 ? 2 : 4)).map { UInt8(count >> (8 * $0) & 0xFF) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + digits + Array(header.utf8) + elements
  }

  private func header(_ type: String, _ shape: String, columnMajor: Bool = false) -> String {
    "{'descr': '\(type)', 'fortran_order': \(columnMajor ? "True" : "False"), 'shape': \(shape), }    \n"
  }

  private func reason(_ read: () throws -> Void) -> String? {
    let error = #expect(throws: StateFileError.self) { try read() }
    if case .malformed(let path, let reason)? = error {
      #expect(path == "the data" || path.hasSuffix(" of the data"))
      return reason
    }
    return error.map { "\($0)" }
  }

  // MARK: arrays

  @Test func `elements of every type are read in the order of rows`() throws {
    let matrix = try array(header("<i2", "(2, 3)"), [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 255, 255])
    #expect(matrix.dimensions == [2, 3] && matrix.count == 6 && matrix.typeName == "<i2")
    #expect(try matrix.elements(as: Float.self) == [1, 2, 3, 4, 5, -1])
    #expect(try matrix.elements(as: Int32.self) == [1, 2, 3, 4, 5, -1])
    #expect(try array(header(">i2", "(3,)"), [0, 1, 1, 0, 255, 254]).elements(as: Int64.self) == [1, 256, -2])
    #expect(try array(header("|u1", "(2,)"), [255, 7]).elements(as: Double.self) == [255, 7])
    #expect(try array(header("|i1", "(2,)"), [255, 7]).elements(as: Float.self) == [-1, 7])
    #expect(try array(header("|b1", "(2,)"), [0, 1]).elements(as: Bool.self) == [false, true])
    #expect(try array(header("<u4", "(1,)"), [0xFF, 0xFF, 0xFF, 0xFF]).elements(as: Int64.self) == [4_294_967_295])
    let most = [UInt8](repeating: 0xFF, count: 8)
    #expect(try array(header("<u8", "(1,)"), most).elements(as: Double.self) == [0x1p64])
    #expect(try array(header("<i8", "(1,)"), most).elements(as: Int32.self) == [-1])
    #expect(try array(header(">f4", "(1,)"), [0x40, 0x49, 0x0F, 0xDB]).elements(as: Float.self) == [.pi.nextUp])
    #expect(try array(header("<f8", "()"), [0, 0, 0, 0, 0, 0, 0xF8, 0x3F]).elements(as: Float.self) == [1.5])
    // 1, the smallest half, −2, the greatest, an infinity.
    let halves: [UInt8] = [0, 0x3C, 1, 0, 0, 0xC0, 0xFF, 0x7B, 0, 0xFC]
    #expect(
      try array(header("<f2", "(5,)"), halves).elements(as: Double.self) == [1, 0x1p-24, -2, 65_504, -.infinity])
    #expect(try array(header("<f2", "(1,)"), [1, 0x7C]).elements(as: Float.self)[0].isNaN)
    #expect(try array(header("<f4", "(0, 3)"), []).elements(as: Float.self).isEmpty)
    #expect(try array(header("<f4", "(0, 9223372036854775807)"), []).elements(as: Float.self).isEmpty)
  }

  @Test func `integers are rounded once to what is wanted`() throws {
    // 2⁵³ + 1, and 2²⁴ + 1 and a bit that only a double has: by way of one it would be rounded twice.
    let wide = try array(header("<i8", "(2,)"), [1, 0, 0, 0, 0, 0, 0x20, 0, 1, 0, 0, 0x20, 0, 0, 0, 0x20])
    #expect(try wide.elements(as: Int64.self) == [9_007_199_254_740_993, 0x2000_0000_2000_0001])
    #expect(try wide.elements(as: Double.self) == [0x1p53, Double(0x2000_0000_2000_0001)])
    #expect(try wide.elements(as: Float.self) == [0x1p53, Float(Int64(0x2000_0000_2000_0001))])
  }

  @Test func `columns are turned into rows`() throws {
    for (dimensions, shape) in [([3, 4], "(3, 4)"), ([2, 3, 4], "(2, 3, 4)"), ([5], "(5,)"), ([1, 1], "(1, 1)")] {
      let count = dimensions.reduce(1, *)
      // The element at (i, j, …) is 100 i + 10 j + …, in the order in which the first axis varies fastest.
      func value(_ place: [Int]) -> UInt8 { UInt8(place.reduce(0) { 5 * $0 + $1 }) }
      func places(_ order: [Int]) -> [[Int]] {
        (0..<count).map { number in
          var (rest, place) = (number, dimensions.map { _ in 0 })
          for axis in order {
            place[axis] = rest % dimensions[axis]
            rest /= dimensions[axis]
          }
          return place
        }
      }
      let columns = places(Array(dimensions.indices)).map(value)
      let rows = places(dimensions.indices.reversed()).map(value)
      let read = try array(header("|u1", shape, columnMajor: true), columns)
      #expect(try read.elements(as: Int32.self) == rows.map(Int32.init))
    }
  }

  @Test func `an integer that is none is an error with its place`() throws {
    let reals = try array(header("<f4", "(3,)"), [0, 0, 0, 0, 0, 0, 0xC0, 0x3F, 0, 0, 0xC0, 0x7F])
    #expect(reason { _ = try reals.elements(as: Int32.self) } == "element 1, 1.5, is not a number of int32")
    let nan = try array(header("<f4", "(1,)"), [0, 0, 0xC0, 0x7F])
    #expect(reason { _ = try nan.elements(as: Int64.self) } == "element 0, nan, is not a number of int64")
    #expect(reason { _ = try nan.elements(as: Bool.self) } == "element 0, nan, is not a number of bool")
    let wide = try array(header("<u8", "(1,)"), [UInt8](repeating: 0xFF, count: 8))
    #expect(
      reason { _ = try wide.elements(as: Int64.self) } == "element 0, 18446744073709551615, is not a number of int64")
    let bytes = try array(header("|u1", "(2,)"), [1, 2])
    #expect(reason { _ = try bytes.elements(as: Bool.self) } == "element 1, 2, is not a number of bool")
  }

  @Test func `headers of every version are read, and what is wrong in one is told`() throws {
    for version: UInt8 in 1...3 {
      #expect(try array(header("|u1", "(1,)"), [9], version: version).elements(as: Int32.self) == [9])
    }
    let other = "{\"shape\":(1,),\"fortran_order\":False,\"descr\":\"|u1\"}"
    #expect(try array(other, [9]).elements(as: Int32.self) == [9])
    let wrong: [(String, String)] = [
      (header("<c8", "(1,)"), "its elements are of the type '<c8', which is not read"),
      (header("|O", "(1,)"), "its elements are of the type '|O', which is not read"),
      (header("|f4", "(1,)"), "its elements are of the type '|f4', which is not read"),
      (header("<f16", "(1,)"), "its elements are of the type '<f16', which is not read"),
      (header("<f４", "(1,)"), "its elements are of the type '<f４', which is not read"),
      (
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
        "its elements are records, which are not read"
      ),
      (header("|u1", "(-1,)"), "an extent of its header is not a number"),
      (header("|u1", "(99999999999999999999,)"), "an extent of its header is not a number"),
      (header("|u1", "(1,"), "an extent of its header is not a number"),
      (header("|u1", "1"), "its header has no '(' where one is due"),
      ("{'descr': '|u1', 'descr': '|u1', }", "its header has 'descr', or has it twice"),
      ("{'descr': '|u1', 'size': 3}", "its header has 'size', or has it twice"),
      ("{'descr': '|u1', 'shape': (1,)}", "its header lacks one of descr, fortran_order and shape"),
      ("{'descr': '|u1", "a text of its header does not end"), ("{descr", "its header has no text where one is due"),
      (header("|u1", "(1,)") + "x", "its header goes on after its end"), ("", "its header has no '{' where one is due"),
      (
        header("|u1", "(9223372036854775807, 4)"),
        "[9223372036854775807, 4] elements of |u1 do not take the 1 bytes that follow the header"
      ), (header("<f4", "(2,)"), "[2] elements of <f4 do not take the 1 bytes that follow the header"),
    ]
    for (text, expected) in wrong { #expect(reason { _ = try array(text, [9]) } == expected) }
    // Four more than 2⁶⁴.
    #expect(
      reason { _ = try array(header("|u1", "(4611686018427387905, 4)"), [1, 2, 3, 4]) }
        == "[4611686018427387905, 4] elements of |u1 do not take the 4 bytes that follow the header")
    #expect(
      reason { _ = try array(header("|u1", "(1,)"), [9], version: 4) } == "it is of version 4, and 1 to 3 are known")
    #expect(
      reason { _ = try array("{}", [], version: 2, length: 65_537) } == "its header of 65537 bytes is longer than 65536"
    )
    #expect(reason { _ = try array("{}", [], version: 2, length: 65_536) } == "it ends within its header")
    #expect(reason { _ = try NumPyArray(Data("PK\u{3}\u{4}????????".utf8)) } == "it does not begin as NumPy's files do")
  }

  @Test func `a file that is cut or changed in any byte is read or is an error`() throws {
    let whole = file(header("<f4", "(3, 2)"), [UInt8](repeating: 0x3F, count: 24))
    for length in 0..<whole.count { #expect(reason { _ = try NumPyArray(Data(whole[..<length])) } != nil) }
    for place in 0..<whole.count - 24 {
      for byte: UInt8 in [0, 0x27, 0x28, 0x30, 0x39, 0x7D, 0xFF] {
        var changed = whole
        changed[place] = byte
        do throws(StateFileError) {
          #expect(try NumPyArray(Data(changed)).elements(as: Double.self).count <= 24)
        } catch {
          #expect("\(error)".hasPrefix("the data is not a sound file: "))
        }
      }
    }
  }

  // MARK: archives

  /// An archive of files, each stored or, as far as its directory tells, compressed by a method.
  private func archive(
    _ files: [(name: String, bytes: [UInt8], method: Int)], isWide: Bool = false, claiming length: Int? = nil
  ) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
    var bytes: [UInt8] = [], directory: [UInt8] = []
    for (name, contents, method) in files {
      let start = bytes.count, name = Array(name.utf8), count = length ?? contents.count
      let lengths = isWide ? [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] : number(count, 4) + number(count, 4)
      let local = isWide ? number(1, 2) + number(16, 2) + number(count, 8) + number(count, 8) : []
      bytes += number(0x0403_4B50, 4) + number(20, 2) + number(0, 2) + number(method, 2) + number(0, 8) + lengths
      bytes += number(name.count, 2) + number(local.count, 2) + name + local + contents
      let extra = isWide ? number(1, 2) + number(24, 2) + number(count, 8) + number(count, 8) + number(start, 8) : []
      directory += number(0x0201_4B50, 4) + number(45, 2) + number(45, 2) + number(0, 2) + number(method, 2)
      directory += number(0, 8) + lengths + number(name.count, 2) + number(extra.count, 2) + number(0, 2)
      directory += number(0, 2) + number(0, 2) + number(0, 4) + (isWide ? number(0xFFFF_FFFF, 4) : number(start, 4))
      directory += name + extra
    }
    let start = bytes.count, count = files.count, size = directory.count
    bytes += directory
    if isWide {
      let end = bytes.count
      bytes += number(0x0606_4B50, 4) + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8)
      bytes += number(count, 8) + number(count, 8) + number(size, 8) + number(start, 8)
      bytes += number(0x0706_4B50, 4) + number(0, 4) + number(end, 8) + number(1, 4)
    }
    bytes += number(0x0605_4B50, 4) + number(0, 4)
    bytes += isWide ? number(0xFFFF, 2) + number(0xFFFF, 2) : number(count, 2) + number(count, 2)
    bytes += isWide ? number(-1, 4) + number(-1, 4) : number(size, 4) + number(start, 4)
    return bytes + number(0, 2)
  }

  private var contents: [(name: String, bytes: [UInt8], method: Int)] {
    [
      ("x.npy", file(header("|u1", "(2,)"), [3, 4]), 0), ("note.txt", [1], 0),
      ("labels/y.npy", file(header("<i4", "(1,)"), [5, 0, 0, 0]), 0),
      ("small.npy", file(header("|u1", "(1,)"), [1]), 8), ("odd.npy", file(header("|u1", "(1,)"), [1]), 14),
    ]
  }

  @Test(arguments: [false, true]) func `arrays of an archive are found by name`(isWide: Bool) throws {
    let archive = try NumPyArchive(Data(archive(contents, isWide: isWide)))
    #expect(archive.names == ["x", "labels/y", "small", "odd"])
    #expect(try archive.array("x").elements(as: Float.self) == [3, 4])
    #expect(try archive.array("labels/y").elements(as: Int32.self) == [5])
    func told(_ name: String, _ archive: borrowing NumPyArchive) -> String {
      do throws(StateFileError) { return "\(try archive.array(name).count)" } catch { return "\(error)" }
    }
    #expect(
      told("small", archive) == "'small' of the data is not a sound file: it is compressed: write it with numpy.savez, "
        + "not numpy.savez_compressed")
    #expect(
      told("odd", archive) == "'odd' of the data is not a sound file: it is compressed by method 14, which is not read")
    #expect(
      told("z", archive) == "the data has no array 'z'; it has [\"x\", \"labels/y\", \"small\", \"odd\"]")
  }

  @Test(arguments: [false, true])
  func `an archive that is cut or changed in any byte is read or is an error`(isWide: Bool) throws {
    let whole = archive(contents, isWide: isWide)
    func readAll(_ bytes: some Collection<UInt8>) -> Bool {
      do throws(StateFileError) {
        let archive = try NumPyArchive(Data(bytes))
        for name in archive.names where name != "small" && name != "odd" {
          _ = try archive.array(name).elements(as: Double.self)
        }
        return true
      } catch {
        return false
      }
    }
    #expect(readAll(whole))
    for length in 0..<whole.count { #expect(!readAll(whole[..<length])) }
    for place in whole.indices {
      for byte: UInt8 in [0, 1, 0x7F, 0xFF] {
        var changed = whole
        changed[place] = byte
        _ = readAll(changed)
      }
    }
    // As many elements as no memory has, and a length to go with them.
    let endless = file(header("|u1", "(1152921504606846976,)"), [1])
    let lying = archive([("x.npy", endless, 0)], isWide: true, claiming: endless.count - 1 + (1 << 60))
    #expect(reason { _ = try NumPyArchive(Data(lying)).array("x") } == "it ends within its contents")
    let twice = archive([contents[0], contents[0]])
    #expect(reason { _ = try NumPyArchive(Data(twice)).names } == "it has 'x.npy' twice")
  }
}
