import Adjoint
import Dispatch
import Shared

/// A program with its own Dispatch queues and Swift tasks calls one compiled program from 8 tasks at once.
@main
enum EmbeddedInAnApp {
  static func main() async throws {
    let service = try ScoreService()

    let answers = try await withThrowingTaskGroup(of: (number: Int, answer: ScoreService.Answer).self) { group in
      for number in 0..<8 { group.addTask { (number, try await service.answer(number)) } }
      var answers: [Int: ScoreService.Answer] = [:]
      for try await (number, answer) in group { answers[number] = answer }
      return answers
    }

    // The same from one of the app's own queues, at width 1, where no other thread takes part.
    let queue = DispatchQueue(label: "app.batch")
    for number in 0..<8 {
      let alone = try queue.sync { try service.answerAlone(number) }
      guard alone == answers[number] else { throw BrokenPromise("request \(number) was answered differently") }
    }
    print("8 tasks at once on 2 workers: the same bits as one after the other on a queue of the app's own")

    // Cancelling a task ends its run between two units of work.
    let endless = Task {
      while true { _ = try await service.answer(0) }
    }
    try await Task.sleep(for: .milliseconds(20))
    endless.cancel()
    do { try await endless.value } catch is CancellationError { print("cancelled: the run stopped where it was") }

    // A byte limit is an error that names the node, not an abort.
    do {
      _ = try service.answerAlone(0, memoryLimit: 1_300_000)
      throw BrokenPromise("the limit was not kept")
    } catch let error as SessionError { print("limited: \(error)") }
  }
}
