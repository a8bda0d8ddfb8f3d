import ArgumentParser

/// Runs the fuzzers of the readers: `docs/fuzzing.md` holds what they found.
@main
struct Fuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Feed mutated files to a reader, in this process, and check what it makes of them.",
    discussion: """
      A case is made from the seed and its number alone, so --first N --cases 1 runs one again. Exit codes: 0 if no case \
      failed, 1 if one did, 70 if the reader crashed or hung; the number of the case is printed then.
      """,
    subcommands: [TensorFilesCommand.self, DICOMCommand.self])
}
