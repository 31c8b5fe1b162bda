package dev.penstock.streams.search;

import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;

/**
 * Cuts texts into words as Unicode does (UAX 29), in lower case and without accents: the same for
 * what is indexed and what is asked for. No stop words and no stemming, because texts come in any
 * language. A change here needs another {@link PartitionIndex#FORMAT}.
 */
final class Words extends Analyzer {
  /** Between two texts of a job, so that no phrase spans them. */
  private static final int GAP = 100;

  @Override
  public int getPositionIncrementGap(String field) {
    return GAP;
  }

  @Override
  protected TokenStreamComponents createComponents(String field) {
    var tokens = new StandardTokenizer();
    return new TokenStreamComponents(tokens, normalize(field, tokens));
  }

  @Override
  protected TokenStream normalize(String field, TokenStream in) {
    return new ASCIIFoldingFilter(new LowerCaseFilter(in));
  }
}
