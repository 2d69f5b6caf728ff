#if os(Linux)
  import Foundation
  import GradientMemory
  import Testing

  /// Large buffers ask the kernel for huge pages, small arenas do not.
  @Suite(
    .timeLimit(.minutes(20)), .enabled(if: BufferArena.processStatistics != nil),
    .enabled(if: FileManager.default.fileExists(atPath: "/sys/kernel/mm/transparent_hugepage/enabled")))
  struct HugePageTests {
    @Test(arguments: [(64 << 10, false), (64 << 20, true)])
    func `a buffer asks for huge pages if it is large`(byteCount: Int, isLarge: Bool) throws {
      let arena = BufferArena()
      let buffer = try arena.allocate(byteCount: byteCount)
      let address = UInt(bitPattern: buffer.base) + UInt(byteCount / 2)
      #expect(try flags(at: address).contains("hg") == isLarge)
      #expect(buffer.byteCount == byteCount, "the buffer was there until now")
    }

    /// What the kernel was advised about the mapping that `address` lies in.
    private func flags(at address: UInt) throws -> [Substring] {
      var isFound = false
      let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
      for line in String(decoding: try #require(try file.readToEnd()), as: UTF8.self).split(separator: "\n") {
        let words = line.split(separator: " ")
        if isFound, words[0] == "VmFlags:" { return Array(words.dropFirst()) }
        let bounds = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        if bounds.count == 2 { isFound = (bounds[0]..<bounds[1]).contains(address) }
      }
      Issue.record("no mapping holds the buffer")
      return []
    }
  }
#endif
