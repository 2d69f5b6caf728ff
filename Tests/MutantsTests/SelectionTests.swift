import Foundation
import Testing

@testable import WrongLines
@testable import mutants

/// Which lines of the list are tried.
@Suite(.timeLimit(.minutes(20))) struct SelectionTests {
  static let seeds = (0..<200).map { "commit \($0)" }

  @Test func `a sample depends on the commit alone, and has as many different lines as asked`() {
    let lines = Array(0..<137)
    for seed in Self.seeds {
      let sample = draw(10, of: lines, seed: seed)
      #expect(sample == draw(10, of: lines, seed: seed))
      #expect(sample.count == 10 && Set(sample).count == 10)
      #expect(sample == sample.sorted())
    }
    // On every machine, in every process.
    #expect(draw(5, of: lines, seed: "b96ef4e") == [1, 78, 104, 114, 117])
  }

  @Test func `each line is drawn by some commit`() {
    let lines = Array(0..<137)
    let drawn = Set(Self.seeds.flatMap { draw(10, of: lines, seed: $0) })
    #expect(drawn.count == lines.count)
    #expect(Set(Self.seeds.map { draw(10, of: lines, seed: $0) }).count == Self.seeds.count)
  }

  @Test func `a sample of more than there are is all`() {
    #expect(draw(10, of: [1, 2, 3], seed: "any") == [1, 2, 3])
    #expect(draw(10, of: [Int](), seed: "any").isEmpty)
  }

  @Test func `lines are chosen by area, text and what notices them`() throws {
    let walk = WrongLine("walked", in: "B.swift", replace: "a", with: "b", proof: .walk)
    let entries = [
      Entry.sample("wrong"), .sample("false", by: "BTests.Suite"), .sample("else", area: "scans"),
      Entry(area: "waking protocol", line: walk),
    ]
    func chosen(_ arguments: String...) throws -> [String] {
      try Options(arguments).selection(from: entries).map(\.line.summary)
    }
    #expect(try chosen() == ["wrong", "false", "else", "walked"])
    #expect(try chosen("--area", "waking protocol") == ["walked"])
    #expect(try chosen("--only", "A.swift") == ["wrong", "false", "else"])
    #expect(try chosen("--only", "BTests") == ["false"])
    #expect(try chosen("--only", "walk") == ["walked"])
    #expect(try chosen("--caught-by", "tests") == ["wrong", "false", "else"])
    #expect(try chosen("--caught-by", "programs") == ["walked"])
    #expect(try chosen("--caught-by", "tests", "--sample", "2", "--seed", "a").count == 2)
  }

  @Test func `a list long enough to pay for it is tried in several copies`() throws {
    let processors = ProcessInfo.processInfo.activeProcessorCount
    #expect(try Options([]).copies(for: 10) == 1)
    #expect(try Options([]).copies(for: 600) == min(processors, 4))
    #expect(try Options(["--copies", "3"]).copies(for: 10) == 3)
  }

  @Test(arguments: [
    ["--chek"], ["--sample"], ["--sample", "0", "--seed", "a"], ["--sample", "ten", "--seed", "a"], ["--sample", "10"],
    ["--seed", "a"], ["--area", "nowhere"], ["--caught-by", "luck"], ["--limit", "0"], ["--copies", "0"],
    ["extra"],
  ])
  func `a wrong command line is refused`(arguments: [String]) {
    #expect(throws: Options.Misuse.self) { try Options(arguments) }
  }
}
