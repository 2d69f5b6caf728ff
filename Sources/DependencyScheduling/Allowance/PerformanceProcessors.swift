#if canImport(Darwin)
  import LibC

  extension ProcessorAllowance {
    /// The number of performance cores, `nil` if the system does not say.
    ///
    /// Efficiency cores are left out: units are handed out as workers become free, but the last unit on a core several
    /// times slower would hold up the run. Level 0 is the fastest kind of core; see Apple's "Determining system
    /// capabilities". Macs with only one kind of core may not know levels, so all their processors count.
    static var performanceProcessors: Int? {
      integer(named: "hw.perflevel0.logicalcpu") ?? integer(named: "hw.logicalcpu")
    }

    /// A positive number that the kernel publishes under `name`. Both names above are 32-bit integers.
    private static func integer(named name: String) -> Int? {
      var value: Int32 = 0
      var size = MemoryLayout<Int32>.size
      guard sysctlbyname(name, &value, &size, nil, 0) == 0, size == MemoryLayout<Int32>.size, value > 0
      else { return nil }
      return Int(value)
    }
  }
#endif
