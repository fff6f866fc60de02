// The pages work without this script. It adds the reader's own time, a list of
// services while they type, reports without a reload, and live numbers.
import { citations } from "./cite";
import { localTimes } from "./times";
import { liveParts } from "./live";
import { liveSearch } from "./search";
import { reportInPlace } from "./report";

localTimes(document);
citations(document);
liveParts();
liveSearch();
reportInPlace();
