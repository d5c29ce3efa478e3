/**
 * The airports of the data and the zone that their local times are in.
 *
 * Source: the boundaries of US time zones (49 CFR part 71) as the IANA time zone database writes them, looked up by each
 * airport's county. Where several names of the database keep the same time since 2001, the best known one stands for all
 * (Alaska as far as Unalaska is Anchorage, the Virgin Islands are Puerto Rico). airports.int.test.ts holds the table against
 * the places of the airports and against the flights themselves.
 */

const AIRPORTS_BY_ZONE = {
  'America/New_York':
    'ABE ACY ALB APF ATL AVL AVP BDL BGM BGR BOS BTV BUF BWI CAE CAK CHA CHS CLE CLT CMH CRW CVG DAB DAY DCA ELM ERI EWR EYW FAY FLL GSO GSP HPN IAD ILM ISP ITH JAX JFK LEX LGA LWB MCO MDT MHT MIA MLB MYR ORF ORH PBI PHL PIT PVD PWM RDU RIC ROA ROC RSW SAV SRQ SWF SYR TLH TOL TPA TRI TYS',
  'America/Detroit': 'AZO DTW FNT GRR LAN MBS MQT TVC',
  /** No summer time in 2001. */
  'America/Indiana/Indianapolis': 'FWA IND SBN',
  'America/Kentucky/Louisville': 'SDF',
  /** Among them the west of Florida (PNS, VPS), of Tennessee (BNA, MEM) and of Indiana (EVV). */
  'America/Chicago':
    'ABI ACT AMA AUS BHM BIS BMI BNA BPT BRO BTR CID CLL CMI CRP DAL DBQ DFW DLH DSM EVV FAR FSD FSM GFK GGG GPT GRB HOU HRL HSV IAH ICT ILE JAN LAW LBB LFT LIT LNK LRD LSE MAF MCI MDW MEM MFE MKE MLI MLU MOB MOT MSN MSP MSY OKC OMA ORD PIA PNS RST SAT SGF SHV SJT SPS STL SUX TUL TXK TYR VPS XNA',
  /** Among them the far west of Texas (ELP) and the west of South Dakota (RAP). */
  'America/Denver': 'ABQ BIL BZN COS DEN DRO EGE ELP FCA GTF GUC HDN HLN JAC MSO MTJ RAP SLC',
  'America/Boise': 'BOI',
  'America/Phoenix': 'PHX TUS',
  'America/Los_Angeles':
    'BFL BUR EUG FAT GEG LAS LAX LGB MFR MRY OAK ONT PDX PSC PSP RNO SAN SBA SBP SEA SFO SJC SMF SNA',
  'America/Anchorage': 'ADQ AKN ANC BET BRW CDV DLG DUT FAI GST JNU KTN OME OTZ PSG SCC SIT WRG YAK',
  'Pacific/Honolulu': 'HNL ITO KOA LIH OGG',
  'America/Puerto_Rico': 'BQN SJU STT STX',
} as const;

/** Airport → IANA zone, for all 229 airports of the data. */
export const ZONE_OF: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(AIRPORTS_BY_ZONE).flatMap(([zone, airports]) => airports.split(' ').map((airport) => [airport, zone])),
);

/** The whole network. */
export const AIRPORTS: readonly string[] = Object.keys(ZONE_OF).toSorted();

/** The 20 busiest airports of the data, by flights. */
export const HUBS: readonly string[] =
  'ORD DFW ATL LAX PHX STL DTW MSP DEN IAH BOS CLT LAS EWR SFO PHL LGA PIT MCO BWI'.split(' ');
