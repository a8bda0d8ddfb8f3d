import Foundation
import HTTPTypes
import Hummingbird
import ImageFiles
import ImageOutput
import Support

/// The host's quiz and cases: students see pictures and questions, and after each answer what was right; teachers see all
/// answers. No path and no name of the host's files leaves the service.
struct TeachingRoutes: RouteList {
  let service: DrawingService

  var routes: [Route] {
    [
      .post("/api/quiz", begin), .get("/api/quiz/{id}/pictures/{file}", quizPicture),
      .post("/api/quiz/{id}/answers", answerQuiz),
      .get("/api/quiz/answers.csv", { _, _ in try await csv(.quiz) }, access: .role(.teach)),
      .get("/api/cases", cases), .get("/api/cases/{number}/picture.png", casePicture),
      .post("/api/cases/{number}/answers", answerCase),
      .get("/api/cases/answers.csv", { _, _ in try await csv(.cases) }, access: .role(.teach)),
    ]
  }

  private func csv(_ kind: TeachingAnswer.Kind) async throws -> Response {
    var response = Response(
      bytes: Array(try await stored { try await service.answers.csv(kind) }.utf8), type: "text/csv; charset=utf-8")
    response.headers[.contentDisposition] = "attachment; filename=\"\(kind.rawValue)-answers.csv\""
    return response
  }

  // MARK: Quiz

  private func quiz() throws(APIError) -> QuizRounds {
    guard let quiz = service.quiz else {
      throw APIError(.notFound, "there is no quiz here: its host starts the service with --quiz")
    }
    return quiz
  }

  /// A round in the audit log: the hashes of its pictures, in their order.
  private struct RoundRecord: Encodable, Sendable {
    var round: String
    var pictures: [String]
  }

  private struct Round: Encodable {
    struct Picture: Encodable {
      var index: Int
      var file: String
    }

    var id: String
    var pictures: [Picture]
  }

  /// Mixes host's images with drawn ones: of each kind at least a third, so that no one can count on half.
  private func begin(_ request: Request, _ context: ServingContext) async throws -> Response {
    let quiz = try quiz()
    var fields = try await request.fields(service.limits)
    let most = max(QuizRounds.counts.lowerBound, min(QuizRounds.counts.upperBound, service.limits.images))
    let count = try fields.whole("count") ?? min(6, most)
    try fields.refuseUnread()
    guard (QuizRounds.counts.lowerBound...most).contains(count) else {
      throw APIError(
        .outOfRange, "count is \(count): choose \(QuizRounds.counts.lowerBound) to \(most)", field: "count")
    }
    let side = service.models.models[0].description.architecture.imageSide
    let least = max(1, count / 3)
    let real = Int.random(in: least...(count - least))
    var cards = try await context.whileClientWaits(limit: service.limits.time) { [service] in
      try await quiz.pictures(real: real, synthetic: count - real, side: side) { service.logger.warning("\($0)") }
    }
    if cards.count < count {
      var drawing = DrawingRequest(prompt: "")
      drawing.entries = (cards.count..<count).map { _ in
        .init(prompt: QuizRounds.prompts.randomElement() ?? QuizRounds.prompts[0])
      }
      let done = try await service.draw(drawing, as: .png, context, api: "quiz")
      for (file, asked) in zip(done.files, done.order.images) {
        let png = try GrayPlane(file.drawn.image.drawn.picture).square(size: side).grayscale.pngBytes()
        cards.append(
          QuizRounds.Card(
            isReal: false, hash: ContentHash.of(png), png: png, prompt: asked.prompt, seed: asked.seed))
      }
    }
    cards.shuffle()
    let id = await quiz.add(cards, account: context.caller.account)
    // Whose radiographs were shown to whom is recorded like what was drawn for whom.
    try await service.audit.append(
      context.caller, action: "quiz round", request: RoundRecord(round: id, pictures: cards.map(\.hash)))
    return try .json(
      Round(
        id: id, pictures: cards.indices.map { .init(index: $0, file: "/api/quiz/\(id)/pictures/\($0).png") }),
      status: .created)
  }

  private func quizPicture(_ request: Request, _ context: ServingContext) async throws -> Response {
    let quiz = try quiz()
    let name = context.parameters.get("file") ?? ""
    guard name.hasSuffix(".png"), let number = Int(name.dropLast(4)), "\(number).png" == name else {
      throw APIError(.notFound, "there is no such picture: name it K.png")
    }
    let png = try await quiz.png(
      number, of: context.parameters.get("id") ?? "", account: context.caller.account)
    return Response(bytes: png, type: OutputFormat.png.mediaType)
  }

  private struct Verdict: Encodable {
    var right: Bool?
    /// Of the quiz: whether a person was examined.
    var real: Bool?
    /// Of a case: the right answer.
    var answer: String?
    var prompt: String?
    var seed: UInt64?
  }

  private func answerQuiz(_ request: Request, _ context: ServingContext) async throws -> Response {
    let quiz = try quiz()
    var fields = try await request.fields(service.limits)
    guard let number: Int = try fields.whole("picture") else {
      throw APIError(.invalidField, "picture is missing: say which, from 0", field: "picture")
    }
    guard let given = try fields.flag("real") else {
      throw APIError(.invalidField, "real is missing: say true or false", field: "real")
    }
    try fields.refuseUnread()
    let id = context.parameters.get("id") ?? ""
    let account = context.caller.account
    let (card, seconds) = try await quiz.close(number, of: id, account: account)
    func word(_ isReal: Bool) -> String { isReal ? "real" : "synthetic" }
    let answer = TeachingAnswer(
      kind: .quiz, account: account, round: id, number: number, truth: word(card.isReal), given: word(given),
      isRight: given == card.isReal, seconds: seconds, image: card.hash, prompt: card.prompt, seed: card.seed)
    do {
      try await stored { try await service.answers.add(answer) }
    } catch {
      await quiz.reopen(number, of: id)
      throw error
    }
    return try .json(
      Verdict(right: given == card.isReal, real: card.isReal, prompt: card.prompt, seed: card.seed))
  }

  // MARK: Cases

  private func hostCases() throws(APIError) -> TeachingCases {
    guard let cases = service.cases else {
      throw APIError(.notFound, "there are no cases here: their host starts the service with --cases")
    }
    return cases
  }

  private func number(_ context: ServingContext, of cases: TeachingCases) throws(APIError) -> Int {
    let text = context.parameters.get("number") ?? ""
    guard let number = Int(text), "\(number)" == text, cases.cases.indices.contains(number) else {
      throw APIError(.notFound, "there is no such case: choose 0 to \(cases.cases.count - 1)")
    }
    return number
  }

  private func cases(_ request: Request, _ context: ServingContext) async throws -> Response {
    struct Answer: Encodable {
      struct Case: Encodable {
        var index: Int
        var question: String
        var choices: [String]
        var picture: String
      }

      var cases: [Case]
    }
    return try .json(
      Answer(
        cases: try hostCases().cases.enumerated().map { index, entry in
          .init(
            index: index, question: entry.question, choices: entry.choices,
            picture: "/api/cases/\(index)/picture.png")
        }))
  }

  /// The picture of a case. The file says that it is synthetic, and not from what: that may be the answer.
  private func casePicture(_ request: Request, _ context: ServingContext) async throws -> Response {
    let cases = try hostCases()
    let number = try number(context, of: cases)
    if let png = await cases.picture(number) { return Response(bytes: png, type: OutputFormat.png.mediaType) }
    var drawing = DrawingRequest(prompt: cases.cases[number].prompt)
    drawing.seed = cases.cases[number].seed
    let done = try await service.draw(drawing, as: .png, context, api: "case")
    guard let file = done.files.first else { throw APIError.unexpected }
    let png = try file.drawn.image.drawn.pngWithNotice()
    await cases.keep(png, of: number)
    return Response(bytes: png, type: OutputFormat.png.mediaType)
  }

  private func answerCase(_ request: Request, _ context: ServingContext) async throws -> Response {
    let cases = try hostCases()
    let number = try number(context, of: cases)
    var fields = try await request.fields(service.limits)
    guard let given = try fields.text("answer", limit: TeachingCases.textLimit) else {
      throw APIError(.invalidField, "answer is missing: give a text", field: "answer")
    }
    try fields.refuseUnread()
    let entry = cases.cases[number]
    let isRight = entry.isRight(given)
    let answer = TeachingAnswer(
      kind: .cases, account: context.caller.account, number: number, truth: entry.answer ?? "", given: given,
      isRight: isRight, prompt: entry.prompt, seed: entry.seed)
    try await stored { try await service.answers.add(answer) }
    return try .json(Verdict(right: isRight, answer: entry.answer, prompt: entry.prompt, seed: entry.seed))
  }

  private func stored<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch {
      service.logger.error("the answers cannot be kept or read: \(StateFolder.reason(error))")
      throw APIError(storage: error)
    }
  }
}
