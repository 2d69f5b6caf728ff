/// A file in a ZIP archive, whose contents are stored as they are: as much of the format as NumPy's archives need,
/// those above 4 GiB included.
struct ZIPEntry {
  let name: String
  /// 0: stored. 8: deflated.
  let method: Int
  let byteCount: Int
  /// Where the entry's own header begins.
  let start: Int

  /// The entries of the directory at the end of the archive, each checked against its length.
  ///
  /// - Complexity: O(entries), and up to 64 KiB of what may be a comment at the end.
  static func all(of file: borrowing ByteSource) throws(Malformed) -> [ZIPEntry] {
    let (place, count) = try directory(of: file)
    let bytes = try read(file, place)
    var entries: [ZIPEntry] = []
    var start = 0
    for _ in 0..<count {
      guard start + 46 <= bytes.count, bytes.number(at: start, 4) == 0x0201_4B50 else {
        throw Malformed("its directory ends before its \(count) entries do")
      }
      let lengths = [28, 30, 32].map { bytes.number(at: start + $0, 2) }
      let end = start + 46 + lengths.reduce(0, +)
      guard end <= bytes.count else { throw Malformed("its directory ends within an entry") }
      let name = String(decoding: bytes[start + 46..<start + 46 + lengths[0]], as: UTF8.self)
      let wide = Extra(bytes[start + 46 + lengths[0]..<start + 46 + lengths[0] + lengths[1]])
      let flags = bytes.number(at: start + 8, 2), method = bytes.number(at: start + 10, 2)
      if flags & 1 != 0 { throw Malformed("\(TensorFileHeader.quoted(name)) is encrypted") }
      // Each number that takes more than 32 bits stands in the extra field, in this order.
      var values = wide.values[...]
      func number(at offset: Int) throws(Malformed) -> Int {
        let short = bytes.number(at: start + offset, 4)
        if short != 0xFFFF_FFFF { return short }
        guard let value = values.popFirst(), value >= 0 else {
          throw Malformed("\(TensorFileHeader.quoted(name)) lacks its length or its place")
        }
        return value
      }
      let full = try number(at: 24), stored = try number(at: 20), place = try number(at: 42)
      guard method != 0 || full == stored else {
        throw Malformed("\(TensorFileHeader.quoted(name)) has two lengths, \(full) and \(stored)")
      }
      entries.append(ZIPEntry(name: name, method: method, byteCount: stored, start: place))
      start = end
    }
    return entries
  }

  /// Where the contents lie.
  func contents(in file: borrowing ByteSource) throws(Malformed) -> Range<Int> {
    if method == 8 { throw Malformed("it is compressed: write it with numpy.savez, not numpy.savez_compressed") }
    guard method == 0 else { throw Malformed("it is compressed by method \(method), which is not read") }
    let header = try Self.read(file, start..<start + min(30, .max - start))
    guard header.number(at: 0, 4) == 0x0403_4B50 else { throw Malformed("its entry does not begin as entries do") }
    let first = start + 30 + header.number(at: 26, 2) + header.number(at: 28, 2)
    let (end, overflow) = first.addingReportingOverflow(byteCount)
    guard !overflow, end <= (try Self.byteCount(of: file)) else { throw Malformed("it ends within its contents") }
    return first..<end
  }

  /// The directory's bytes and how many entries it has.
  private static func directory(of file: borrowing ByteSource) throws(Malformed) -> (Range<Int>, count: Int) {
    let length = try byteCount(of: file)
    let tailLength = min(length, 22 + 65_535)
    let tail = try read(file, length - tailLength..<length)
    guard
      let last = stride(from: tailLength - 22, through: 0, by: -1).first(where: { place in
        tail.number(at: place, 4) == 0x0605_4B50 && place + 22 + tail.number(at: place + 20, 2) == tailLength
      })
    else { throw Malformed("it does not end as ZIP archives do") }
    var (count, size, start) = (
      tail.number(at: last + 10, 2), tail.number(at: last + 12, 4), tail.number(at: last + 16, 4)
    )
    if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
      let place = length - tailLength + last - 20
      let locator = try read(file, place..<place + 20)
      guard locator.number(at: 0, 4) == 0x0706_4B50 else { throw Malformed("it lacks the place of its directory") }
      let wide = locator.number(at: 8, 8)
      let end = try read(file, wide..<max(wide, min(wide, .max - 56) + 56))
      guard end.number(at: 0, 4) == 0x0606_4B50 else { throw Malformed("it lacks the end of its directory") }
      (count, size, start) = (end.number(at: 32, 8), end.number(at: 40, 8), end.number(at: 48, 8))
    }
    guard start >= 0, size >= 0, count >= 0, start <= length, size <= length - start, count <= size / 46 else {
      throw Malformed("its directory of \(count) entries does not fit into its \(length) bytes")
    }
    return (start..<start + size, count)
  }

  private static func byteCount(of file: borrowing ByteSource) throws(Malformed) -> Int {
    do { return try file.byteCount() } catch { throw Malformed(error.reason) }
  }

  private static func read(_ file: borrowing ByteSource, _ place: Range<Int>) throws(Malformed) -> [UInt8] {
    guard place.lowerBound >= 0, place.upperBound <= (try byteCount(of: file)) else {
      throw Malformed("it ends before byte \(place.upperBound)")
    }
    do { return try file.bytes(place.count, at: place.lowerBound) } catch { throw Malformed(error.reason) }
  }

  /// The numbers of 64 bits in an entry's extra field.
  private struct Extra {
    private(set) var values: [Int] = []

    init(_ bytes: ArraySlice<UInt8>) {
      let bytes = Array(bytes)
      var start = 0
      while start + 4 <= bytes.count {
        let length = bytes.number(at: start + 2, 2)
        guard start + 4 + length <= bytes.count else { return }
        if bytes.number(at: start, 2) == 1 {
          values = stride(from: 0, to: length / 8 * 8, by: 8).map { bytes.number(at: start + 4 + $0, 8) }
          return
        }
        start += 4 + length
      }
    }
  }
}

extension [UInt8] {
  /// A number of `count` bytes, the least significant first. One of eight that takes them all is negative.
  fileprivate func number(at start: Int, _ count: Int) -> Int {
    var bits: UInt64 = 0
    for offset in (0..<count).reversed() { bits = bits << 8 | UInt64(self[start + offset]) }
    return Int(bitPattern: UInt(bits))
  }
}
