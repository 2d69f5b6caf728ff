import Adjoint
import AdjointTraining
import Foundation
import Testing

/// Files open in Python's `safetensors`, the reference implementation, and its files open here.
///
/// Skipped, with the reason printed, only where no Python is.
@Suite(.timeLimit(.minutes(20))) struct PythonTests {
  /// What looks for a Python with `safetensors` and `numpy`, and installs them in a folder of the package's: its
  /// status, 69 where there is no Python or no pip, and what it says, the path last.
  private static let setup: (status: Int32, output: String) = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let result = run(root.path + "/.ci/python", [])
    if result.status == 69 { print("Skipping the exchange with Python's safetensors: \(result.output)") }
    return result
  }()

  private static func python() throws -> String {
    #expect(setup.status == 0, "\(setup.output)")
    return String(try #require(setup.output.split(separator: "\n").last))
  }

  private static func run(_ program: String, _ arguments: [String]) -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    do { try process.run() } catch { return (-1, "\(error)") }
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  @Test(.disabled(if: setup.status == 69, "no Python, or one without pip"))
  func `Python reads what was saved here, and reads it as the same numbers`() throws {
    let folder = try TemporaryFolder()
    let toy = Toy()
    let trainer = try toy.trainer()
    try trainer.takeSteps(until: 3, feed: toy.feed)
    try trainer.save(to: folder.file("training"))
    try StateFileTests.store().save(to: folder.file("all"), metadata: ["note": "\"δ\"\n😀"])
    let program = """
      import sys
      from safetensors import safe_open
      for path in sys.argv[1:]:
        with safe_open(path, "np") as file:
          print(sorted((file.metadata() or {}).items()))
          for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            print(repr(name), tensor.dtype, list(tensor.shape), tensor.tobytes().hex())
      """
    let (status, output) = Self.run(
      try Self.python(), ["-c", program, folder.file("all"), folder.file("training")])
    #expect(status == 0, "\(output)")
    var lines = output.split(separator: "\n").map(String.init)[...]
    #expect(lines.popFirst() == "[('note', '\"δ\"\\n😀')]")
    let names = ["labels", "layer/weights", "na\"me\\with\n\u{1}\tδ😀", "scalar", "wide"]
    let heads = ["int32 [3]", "float32 [3, 4]", "float32 [1, 1]", "float32 []", "float64 [5]"]
    let values = try StateFileTests.bits(of: StateFileTests.store())
    for (name, head) in zip(names, heads) {
      let line = lines.popFirst() ?? ""
      let value = Self.hex(try #require(values[name]))
      #expect(line.contains(head) && line.hasSuffix(" " + value), "\(line)")
    }
    #expect(lines.popFirst()?.contains("('adjoint.step', '3')") == true)
    let parameters = try bits(of: trainer)
    #expect(lines.count == parameters.count)
    for (name, value) in parameters {
      #expect(lines.contains { $0.hasPrefix("'\(name)' float32") && $0.hasSuffix(" " + Self.hex(value)) })
    }
  }

  @Test(.disabled(if: setup.status == 69, "no Python, or one without pip"))
  func `what Python saved is loaded here, and a type that no parameter has is named`() throws {
    let folder = try TemporaryFolder()
    let program = """
      import sys, numpy
      from safetensors.numpy import save_file
      tensors = {
        "layer/weights": numpy.arange(12, dtype=numpy.float32).reshape(3, 4) / 7,
        "wide": numpy.arange(5) / 3.0,
        "labels": numpy.array([5, -6, 7], dtype=numpy.int32),
        "scalar": numpy.array(2.5, dtype=numpy.float32),
        "na\\"me\\\\with\\n\\x01\\tδ😀": numpy.full((1, 1), -1, dtype=numpy.float32),
      }
      save_file(tensors, sys.argv[1], metadata={"by": "numpy δ\\n"})
      tensors["scalar"] = numpy.zeros((), dtype=numpy.float16)
      tensors["empty"] = numpy.zeros((0, 3), dtype=numpy.int64)
      save_file(tensors, sys.argv[2])
      """
    let (status, output) = Self.run(
      try Self.python(), ["-c", program, folder.file("good"), folder.file("half")])
    #expect(status == 0, "\(output)")
    let store = try StateFileTests.store()
    #expect(try store.load(from: folder.file("good")) == ["by": "numpy δ\n"])
    func read<T>(_ name: String, _: T.Type) throws -> [T] {
      try store.withBytes(of: name) { span in span.withUnsafeBytes { Array($0.bindMemory(to: T.self)) } }
    }
    #expect(try read("layer/weights", Float.self) == (0..<12).map { Float($0) / 7 })
    #expect(try read("wide", Double.self) == (0..<5).map { Double($0) / 3 })
    #expect(try read("labels", Int32.self) == [5, -6, 7])
    #expect(try read("scalar", Float.self) == [2.5])
    let error = #expect(throws: StateFileError.self) { try store.load(from: folder.file("half")) }
    #expect(
      error?.description.hasSuffix(
        """
          scalar: of type F16 in the file, wanted F32
          'empty': in the file, and no parameter of that name
        """) == true, "\(error.map { "\($0)" } ?? "loaded")")
  }

  @Test(.disabled(if: setup.status == 69, "no Python, or one without pip"))
  func `arrays that NumPy saved are read here, of every type, in rows and in columns`() throws {
    let folder = try TemporaryFolder()
    let program = """
      import sys, numpy
      folder = sys.argv[1]
      types = "b1 i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 >i2 >u4 >i8 >f4 >f8".split()
      arrays = {}
      for type in types:
        rows = (numpy.arange(24) % 2 if type == "b1" else numpy.arange(24) * 5).astype(type).reshape(2, 3, 4)
        numpy.save(f"{folder}/{type}.npy", rows)
        numpy.save(f"{folder}/{type} columns.npy", numpy.asfortranarray(rows))
        arrays[type] = rows
      numpy.savez(f"{folder}/all.npz", **arrays)
      numpy.savez_compressed(f"{folder}/small.npz", **arrays)
      numpy.save(f"{folder}/text.npy", numpy.array(["a", "b"]))
      numpy.save(f"{folder}/record.npy", numpy.zeros(2, dtype=[("a", "f4"), ("b", "i4")]))
      print(" ".join(types))
      """
    let (status, output) = Self.run(try Self.python(), ["-c", program, folder.path])
    #expect(status == 0, "\(output)")
    let types = output.split(whereSeparator: \.isWhitespace).map(String.init)
    #expect(types.count == 17)
    let archive = try NumPyArchive(opening: folder.file("all.npz"))
    #expect(archive.names == types)
    for type in types {
      let expected = (0..<24).map { type == "b1" ? Double($0 % 2) : Double($0 * 5) }
      let arrays = [
        try NumPyArray(opening: folder.file("\(type).npy")),
        try NumPyArray(opening: URL(filePath: folder.file("\(type) columns.npy"))), try archive.array(type),
      ]
      for array in arrays {
        #expect(array.dimensions == [2, 3, 4] && array.typeName.hasSuffix(type.suffix(2)))
        #expect(try array.elements(as: Double.self) == expected)
        #expect(try array.elements(as: Int32.self).map(Double.init) == expected)
      }
    }
    let small = try NumPyArchive(opening: folder.file("small.npz"))
    #expect(small.names == types)
    func told(_ read: () throws -> NumPyArray) -> String {
      "\(#expect(throws: StateFileError.self, performing: read)!)"
    }
    do throws(StateFileError) {
      Issue.record("\(try small.array("f4").count) elements of a compressed array")
    } catch {
      #expect("\(error)".contains("it is compressed: write it with numpy.savez"))
    }
    #expect(told { try NumPyArray(opening: folder.file("text.npy")) }.contains("are of the type '<U1'"))
    #expect(told { try NumPyArray(opening: folder.file("record.npy")) }.contains("are records"))
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
