internal import LibC

#if canImport(Runtime)
  internal import Runtime
#endif

/// The line of the user's program that called an operator.
///
/// `x + y` has no `#line` argument, so the operator keeps its return address (one load) and only an error message
/// pays for looking it up in the debug information, through the toolchain's `Runtime` module, which Apple's systems
/// have from 26 on; before, the dynamic linker knows the function's symbol.
enum CallSite {
  /// The file, with its folder, and the line that `address` returns to: `Models/Network.swift:12`; the function where only
  /// that is known, and the bare address where nothing is.
  static func describe(returnAddress address: UInt) -> String {
    #if canImport(Runtime)
      if #available(macOS 26, iOS 26, tvOS 26, visionOS 26, *), let frame = symbolicate(address) {
        guard let source = frame.sourceLocation else { return frame.name }
        let file = source.path.split(separator: "/").suffix(2).joined(separator: "/")
        return source.line > 0 ? "\(file):\(source.line)" : "\(file), in \(frame.name)"
      }
    #endif
    #if canImport(Darwin)
      if let symbol = symbol(at: address) { return symbol }
    #endif
    return "the caller at 0x" + String(address, radix: 16)
  }

  #if canImport(Darwin)
    /// The symbol, as the linker has it, of the function that the call before `address` is in.
    private static func symbol(at address: UInt) -> String? {
      var info = Dl_info()
      guard dladdr(UnsafeRawPointer(bitPattern: address - 1), &info) != 0, let name = info.dli_sname else { return nil }
      return String(cString: name)
    }
  #endif
}

#if canImport(Runtime)
  extension CallSite {
    /// The first frame in the user's code: a backtrace of this one address, looked up in the images loaded now.
    @available(macOS 26, iOS 26, tvOS 26, visionOS 26, *)
    private static func symbolicate(_ address: UInt) -> SymbolicatedBacktrace.Symbol? {
      guard let backtrace = try? Backtrace(from: OneFrame(address: address)) else { return nil }
      return backtrace.symbolicated(with: ImageMap.capture())?.frames.lazy.compactMap(\.symbol).first
    }
  }

  /// Decodes as a `Backtrace` of one return address. `Backtrace` has no public initialiser but `init(from:)`, whose
  /// `backtrace` field is the documented compact form in base 64: 0x02 (64-bit words), 0x27 (a return address of
  /// 8 bytes), the address with its most significant byte first.
  @available(macOS 26, iOS 26, tvOS 26, visionOS 26, *)
  private struct OneFrame: Decoder {
    let address: UInt
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    var compactBacktrace: String {
      let bytes = [0x02, 0x27] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: address >> ($0 * 8)) }
      let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
      var text = ""
      for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = (0..<3).map { start + $0 < bytes.count ? UInt32(bytes[start + $0]) : 0 }
        let bits = group[0] << 16 | group[1] << 8 | group[2]
        let digitCount = min(bytes.count - start, 3) + 1
        for digit in 0..<digitCount { text.append(digits[Int(bits >> (18 - 6 * digit) & 63)]) }
      }
      return text
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
      KeyedDecodingContainer(Fields<Key>(frame: self))
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw absent() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw absent() }

    func absent() -> DecodingError {
      .dataCorrupted(.init(codingPath: [], debugDescription: "a one-frame backtrace has only its two text fields"))
    }

    struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
      let frame: OneFrame
      var codingPath: [any CodingKey] { [] }
      var allKeys: [Key] { ["architecture", "backtrace"].compactMap(Key.init(stringValue:)) }
      func contains(_ key: Key) -> Bool { ["architecture", "backtrace"].contains(key.stringValue) }
      func decodeNil(forKey key: Key) -> Bool { !contains(key) }

      func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        #if arch(x86_64)
          let architecture = "x86_64"
        #else
          let architecture = "arm64"
        #endif
        let text = key.stringValue == "backtrace" ? frame.compactBacktrace : architecture
        guard contains(key), let value = text as? T else { throw frame.absent() }
        return value
      }

      func nestedContainer<N: CodingKey>(keyedBy: N.Type, forKey: Key) throws -> KeyedDecodingContainer<N> {
        throw frame.absent()
      }
      func nestedUnkeyedContainer(forKey: Key) throws -> any UnkeyedDecodingContainer { throw frame.absent() }
      func superDecoder() throws -> any Decoder { throw frame.absent() }
      func superDecoder(forKey: Key) throws -> any Decoder { throw frame.absent() }
    }
  }
#endif
