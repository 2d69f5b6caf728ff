import Testing

@testable import NeuralTuringMachine

@Suite struct BoundedCacheTests {
  @Test func `the value not asked for longest goes first, and is made again when asked for`() {
    var cache = BoundedCache<Int, String>(capacity: 2)
    for key in [1, 2, 1, 3] { #expect(cache.value(for: key) { "\(key)" } == "\(key)") }
    #expect(cache.keys == [1, 3])
    #expect(cache.madeCount == 3)
    #expect(cache.value(for: 1) { "another" } == "1")
    #expect(cache.value(for: 2) { "again" } == "again")
    #expect(cache.keys == [1, 2])
    #expect(cache.madeCount == 4)
  }

  @Test func `a value that cannot be made leaves what is kept`() {
    struct Refused: Error {}
    var cache = BoundedCache<Int, String>(capacity: 1)
    _ = cache.value(for: 1) { "1" }
    #expect(throws: Refused.self) { try cache.value(for: 2) { throw Refused() } }
    #expect(cache.keys == [1])
  }
}
