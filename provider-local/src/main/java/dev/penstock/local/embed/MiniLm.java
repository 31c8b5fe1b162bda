package dev.penstock.local.embed;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.penstock.local.inference.ModelUnavailableException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.Map;

/**
 * The model all-MiniLM-L6-v2, quantised to 8 bits, on the CPU through ONNX Runtime. A call computes
 * on the thread that makes it and on no other. Thread-safe.
 */
final class MiniLm implements AutoCloseable {
  /** The length of its vectors. */
  static final int DIMENSIONS = 384;

  /**
   * The most pieces of one text, {@code CLS} and {@code SEP} included: what the authors use
   * (sentence-transformers' {@code max_seq_length}); the model was not trained on longer ones.
   */
  static final int WINDOW = 256;

  private static final String MODEL = "/all-minilm-l6-v2-q.onnx";
  private static final String TOKENIZER = "/all-minilm-l6-v2-q-tokenizer.json";

  private final WordPieces wordPieces;
  private final OrtEnvironment environment;
  private final OrtSession session;

  private MiniLm(WordPieces wordPieces, OrtEnvironment environment, OrtSession session) {
    this.wordPieces = wordPieces;
    this.environment = environment;
    this.session = session;
  }

  /**
   * Loads the model from the class path.
   *
   * @throws ModelUnavailableException when that does not work here
   */
  static MiniLm load() {
    try (InputStream tokenizer = resource(TOKENIZER);
        InputStream model = resource(MODEL);
        var runtime = NativeRuntime.unpack()) {
      var wordPieces = new WordPieces(tokenizer);
      OrtEnvironment environment = runtime.load();
      return new MiniLm(wordPieces, environment, session(environment, model.readAllBytes()));
    } catch (IOException | OrtException | LinkageError e) {
      throw new ModelUnavailableException(
          "the embedding model all-MiniLM-L6-v2 can't be loaded on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + " ("
              + rootCause(e)
              + "); run workers with the local provider on Linux, macOS or Windows (x86-64;"
              + " arm64 too but on Windows), where java.io.tmpdir ("
              + System.getProperty("java.io.tmpdir")
              + ") has 20 MB free and may hold native libraries",
          e);
    }
  }

  private static Throwable rootCause(Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static OrtSession session(OrtEnvironment environment, byte[] model) throws OrtException {
    try (var options = new OrtSession.SessionOptions()) {
      options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      return environment.createSession(model, options);
    }
  }

  WordPieces wordPieces() {
    return wordPieces;
  }

  /**
   * The unit vector of one text: the mean over its pieces.
   *
   * <p>One text a call: a batch is slower on one thread (README.md has the figures), and since the
   * model is quantised as it runs, with one scale for the whole batch, a text's vector would depend
   * on its neighbours.
   *
   * @param pieces at most {@link #WINDOW} minus 2
   */
  float[] embed(int[] pieces) {
    int columns = pieces.length + 2;
    long[] ids = new long[columns];
    ids[0] = WordPieces.CLS;
    for (int i = 0; i < pieces.length; i++) {
      ids[i + 1] = pieces[i];
    }
    ids[columns - 1] = WordPieces.SEP;
    long[] ones = new long[columns];
    Arrays.fill(ones, 1);
    long[] shape = {1, columns};
    try (var idTensor = OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), shape);
        var mask = OnnxTensor.createTensor(environment, LongBuffer.wrap(ones), shape);
        var types = OnnxTensor.createTensor(environment, LongBuffer.allocate(columns), shape);
        var result =
            session.run(
                Map.of("input_ids", idTensor, "attention_mask", mask, "token_type_ids", types))) {
      return mean(((OnnxTensor) result.get(0)).getFloatBuffer(), columns);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed on " + columns + " word pieces", e);
    }
  }

  private static float[] mean(FloatBuffer hidden, int pieces) {
    float[] sum = new float[DIMENSIONS];
    float[] piece = new float[DIMENSIONS];
    for (int i = 0; i < pieces; i++) {
      hidden.get(i * DIMENSIONS, piece);
      Vectors.add(sum, piece, 1);
    }
    return Vectors.normalise(sum);
  }

  private static InputStream resource(String name) throws IOException {
    InputStream stream = MiniLm.class.getResourceAsStream(name);
    if (stream == null) {
      throw new FileNotFoundException(name + " is not on the class path");
    }
    return stream;
  }

  /** Frees the native memory. No call may run or follow. */
  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime could not free its session", e);
    }
  }
}
